import type { JsonValue } from "./json.ts";
import { isPathKey, isSafeKey } from "./metadata-key.ts";
import type { Operation } from "./operation.ts";
import { PathNode } from "./path-node.ts";
import { simplePath } from "./simple-path.ts";
import { appendValue, incrementValue } from "./value-operations.ts";

/** An operation that waits to be sent. */
export interface PendingOperation {
  readonly operation: Operation;
  /** Accepted calls that it stands for: at least 1. */
  readonly count: number;
}

/**
 * Folds a list of operations into a shorter one with the same effect on every document, order of members included; the sum of counts stays, an
 * operation that became redundant hands its count to the one that replaced it. `update` absorbs all before it, a literal
 * `set` or `delete` all before it under its key (a `delete` before a `set` stays); operations with equal keys merge across others that touch neither
 * a part nor a parent of what they touch. Wildcards and slices may touch anything: nothing merges across them.
 *
 * Increments are summed only where steps and sum are safe integers. One difference is left: when the stored number is
 * a fraction, or beyond 2^53, adding the sum may round once where adding step by step rounds several times (one unit
 * in the last place).
 *
 * Values of the input are never changed; they are shared with the result. Cost: near-linear in the list.
 */
export function collapseOperations(list: readonly PendingOperation[]): PendingOperation[] {
  const collapse = new Collapse();
  for (const pending of list) collapse.add(pending);
  return collapse.result();
}

interface Slot {
  operation: Operation;
  count: number;
  /** The list in a `set` was made here, so appending to it changes nobody's value. */
  ownsList: boolean;
}

type KeyedOperation = Exclude<Operation, { type: "update" }>;

class Collapse {
  #slots: (Slot | undefined)[] = [];
  /** What was written since the last operation that may touch everything, by top-level name. */
  #roots = new Map<string, PathNode>();

  add({ operation, count }: PendingOperation): void {
    if (operation.type === "update") {
      const absorbed = this.#slots.reduce((sum, slot) => sum + (slot?.count ?? 0), 0);
      this.#slots = [];
      this.#roots.clear();
      this.#push(operation, count + absorbed);
    } else if (!isSafeKey(operation.key)) {
      // Applied nowhere, so it stands in nobody's way; kept so that it is reported where it is refused.
      this.#push(operation, count);
    } else if (operation.type === "delete" || !isPathKey(operation.key)) {
      this.#addLiteral(operation, count);
    } else {
      const segments = simplePath(operation.key);
      if (segments === undefined) {
        this.#roots.clear();
        this.#push(operation, count);
      } else {
        this.#addAt(this.#nodeAt(segments), operation, count);
      }
    }
  }

  result(): PendingOperation[] {
    const result: PendingOperation[] = [];
    for (const slot of this.#slots) {
      if (slot !== undefined) result.push({ operation: slot.operation, count: slot.count });
    }
    return result;
  }

  #addLiteral(operation: KeyedOperation, count: number): void {
    const node = this.#nodeAt([operation.key]);
    if (operation.type === "set") this.#replace(node, operation, count);
    else if (operation.type === "delete") this.#delete(node, operation, count);
    else this.#addAt(node, operation, count);
  }

  /**
   * A literal `set` takes the place of the first operation that creates its member, and a `delete` before that one
   * stays: so members come to stand in the same order as without collapsing, which decides what a wildcard finds first.
   */
  #replace(node: PathNode, operation: KeyedOperation, count: number): void {
    const { creator, deleted } = node;
    const kept = new Set([creator, deleted]);
    const absorbed = [...node.takeBelow(), ...node.takeOwn()].filter((index) => !kept.has(index));
    const total = count + this.#drop(absorbed);
    const slot = creator === undefined ? undefined : this.#slots[creator];
    if (deleted !== undefined) node.putDeleted(deleted);
    if (slot === undefined || creator === undefined) {
      node.put(this.#push(operation, total), true);
      return;
    }
    this.#slots[creator] = { operation, count: slot.count + total, ownsList: false };
    node.put(creator, true);
  }

  #delete(node: PathNode, operation: KeyedOperation, count: number): void {
    const absorbed = this.#drop(node.takeBelow()) + this.#drop(node.takeOwn());
    node.putDeleted(this.#push(operation, count + absorbed));
  }

  /** A write at one place: into the operation that already stands there, or behind it. */
  #addAt(node: PathNode, operation: KeyedOperation, count: number): void {
    const slot = node.last === undefined ? undefined : this.#slots[node.last];
    if (slot !== undefined && this.#merge(slot, node, operation)) {
      slot.count += count;
    } else if (operation.type === "set") {
      // What was written below is replaced with the value, or never was: the place is null or missing.
      node.put(this.#push(operation, count + this.#drop(node.takeBelow())), true);
    } else {
      // It reads what was written below: from now on nothing merges with that.
      node.keep(node.takeBelow());
      node.put(this.#push(operation, count), operation.type !== "remove");
    }
  }

  /**
   * Folds an operation into the last one at the same place, which stays where it is in the order: an index past a
   * list's end fills with nulls, and those stand in the way of writes at lower indexes.
   */
  #merge(slot: Slot, node: PathNode, operation: KeyedOperation): boolean {
    const before = slot.operation;
    if (before.type === "update" || before.key !== operation.key) return false;
    if (leavesNull(before) && isPathKey(operation.key)) return operation.type !== "remove";
    if (operation.type === "set") {
      // `remove` creates nothing: a `set` in its place could create the member too early.
      if (before.type === "remove" || mayOverflow(before)) return false;
      slot.count += this.#drop(node.takeBelow());
      slot.operation = operation;
      slot.ownsList = false;
      return true;
    }
    if (node.hasBelow) return false;
    if (operation.type === "increment") return addStep(slot, before, operation.value);
    if (operation.type !== "append" || before.type !== "set") return false;
    this.#appendTo(slot, before, operation.value);
    return true;
  }

  #appendTo(slot: Slot, before: { key: string; value: JsonValue }, value: JsonValue): void {
    if (slot.ownsList && Array.isArray(before.value)) {
      before.value.push(value);
      return;
    }
    slot.operation = { type: "set", key: before.key, value: appendValue(before.value, value) };
    slot.ownsList = true;
  }

  #push(operation: Operation, count: number): number {
    return this.#slots.push({ operation, count, ownsList: false }) - 1;
  }

  /** Removes slots and gives the sum of their counts. */
  #drop(indexes: readonly number[]): number {
    let count = 0;
    for (const index of indexes) {
      count += this.#slots[index]?.count ?? 0;
      this.#slots[index] = undefined;
    }
    return count;
  }

  #nodeAt(segments: readonly string[]): PathNode {
    const [root = "", ...rest] = segments;
    let node = this.#roots.get(root);
    if (node === undefined) this.#roots.set(root, (node = new PathNode()));
    for (const segment of rest) node = node.child(segment);
    return node;
  }
}

/** After it, a path to the same place finds null and writes nothing any more. */
function leavesNull(operation: KeyedOperation): boolean {
  return operation.type === "set" && operation.value === null;
}

/** Its sum may become infinite and be stored as null, so that a later path write would find null. */
function mayOverflow(operation: KeyedOperation): boolean {
  return operation.type === "increment" && !Number.isSafeInteger(operation.value);
}

function addStep(slot: Slot, before: KeyedOperation, step: number): boolean {
  if (before.type === "set") {
    slot.operation = { type: "set", key: before.key, value: incrementValue(before.value, step) };
    slot.ownsList = false;
    return true;
  }
  if (before.type !== "increment") return false;
  const sum = before.value + step;
  if (![before.value, step, sum].every(Number.isSafeInteger)) return false;
  slot.operation = { type: "increment", key: before.key, value: sum };
  return true;
}
