import { cloneJson } from "../protocol/clone-json.ts";
import { collapseOperations, type PendingOperation } from "../protocol/collapse-operations.ts";
import type { JsonValue } from "../protocol/json.ts";
import type { Operation } from "../protocol/operation.ts";

/** Below this length a queue is not worth collapsing. */
const COLLAPSE_FROM = 64;

/** What an operation costs on the wire besides its key and value: `{"type":"increment","key":"","value":},`. */
export const ENVELOPE_BYTES = 44;

function wireBytes(key: string, valueBytes: number): number {
  return ENVELOPE_BYTES + valueBytes + key.length;
}

/** An operation of the queue: merging changes it in place, so a repeated write allocates nothing. */
interface QueuedOperation extends PendingOperation {
  operation: Operation;
  count: number;
}

/** A `set` whose value goes on changing in the queue, see {@link OperationQueue.pushSet}. */
export interface QueuedSet extends QueuedOperation {
  readonly operation: Extract<Operation, { type: "set" }>;
}

/** Appends in a row to one list: their values are its items from `from` on. */
interface AppendRun {
  readonly key: string;
  readonly list: readonly JsonValue[];
  readonly from: number;
}

/**
 * Operations in the order they were accepted, merged as they come: a repeated increment or set of one key takes no room,
 * and of appends in a row nothing is kept but where in the list they begin. The rest collapses whenever the queue has
 * doubled, so the cost of a push is constant on average.
 */
export class OperationQueue {
  #items: QueuedOperation[] = [];
  /** Comes after all items. */
  #run: AppendRun | undefined;
  #collapseAt = COLLAPSE_FROM;
  /** Nothing but appends: each is an item of its own, so there is nothing to collapse. */
  #onlyAppends = true;
  #bytes = 0;
  /** Bytes of the last item, when it was pushed here. */
  #lastBytes = 0;

  static of(items: readonly PendingOperation[], bytes: number): OperationQueue {
    const queue = new OperationQueue();
    queue.#items = items.map(({ operation, count }) => ({ operation: { ...operation }, count }));
    queue.#bytes = bytes;
    queue.#onlyAppends = items.every(({ operation }) => operation.type === "append");
    queue.#collapseAt = Math.max(COLLAPSE_FROM, items.length * 2);
    return queue;
  }

  /** Bytes on the wire, estimated; at most a few bytes an operation off. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Accepted calls that the operations stand for. */
  get calls(): number {
    let calls = this.#run === undefined ? 0 : this.#run.list.length - this.#run.from;
    for (const { count } of this.#items) calls += count;
    return calls;
  }

  /** Adds an accepted operation whose value is `valueBytes` long and from now on belongs to the queue. */
  push(operation: Operation, valueBytes: number): void {
    this.settle();
    const bytes = wireBytes(operation.type === "update" ? "" : operation.key, valueBytes);
    if (operation.type !== "append") this.#onlyAppends = false;
    if (this.#replacesLast(operation)) {
      this.#bytes += bytes - this.#lastBytes;
    } else {
      this.#items.push({ operation, count: 1 });
      this.#bytes += bytes;
    }
    this.#lastBytes = bytes;
    if (!this.#onlyAppends && this.#items.length >= this.#collapseAt) this.#collapse();
  }

  /** Adds a step to the last operation, when that is an increment of the same key and the sum is exact; true then. */
  addStep(key: string, step: number): boolean {
    const last = this.#run === undefined ? this.#items.at(-1) : undefined;
    if (last?.operation.type !== "increment" || last.operation.key !== key) return false;
    const { value } = last.operation;
    // Sums of fractions, and beyond 2^53, depend on the order of addition.
    const exact =
      Number.isSafeInteger(value + step) && Number.isSafeInteger(step) && Number.isSafeInteger(value);
    if (!exact) return false;
    last.operation.value = value + step;
    last.count += 1;
    return true;
  }

  /**
   * Adds the append of what is the last item of `list` now. Until it is sent the item is read from there, so
   * {@link settle} has to be called before anything but another append changes the list.
   * @returns its bytes on the wire
   */
  append(key: string, list: readonly JsonValue[], valueBytes: number): number {
    if (this.#run?.list !== list) {
      this.settle();
      this.#run = { key, list, from: list.length - 1 };
    }
    const bytes = wireBytes(key, valueBytes);
    this.#bytes += bytes;
    return bytes;
  }

  /**
   * Adds a `set` that later ones of the same key are written into. The caller does so only until something is pushed in
   * another way, and never has two for one place, or for a place and a part of it: their order would be lost.
   */
  pushSet(key: string, value: JsonValue, valueBytes: number): QueuedSet {
    this.settle();
    const item: QueuedSet = { operation: { type: "set", key, value }, count: 1 };
    this.#items.push(item);
    this.#onlyAppends = false;
    this.#lastBytes = wireBytes(key, valueBytes);
    this.#bytes += this.#lastBytes;
    return item;
  }

  /** Writes a new value, `addedBytes` longer than the old one, into a `set` that {@link pushSet} gave. */
  updateSet(item: QueuedSet, value: JsonValue, addedBytes: number): void {
    item.operation.value = value;
    item.count += 1;
    this.#bytes += addedBytes;
    if (item === this.#items.at(-1)) this.#lastBytes += addedBytes;
  }

  /** Copies the values that are still read from a list. */
  settle(): void {
    if (this.#run !== undefined) this.#endRun(this.#run, cloneJson);
  }

  /** What is queued, for use at once: the document shares values with it. */
  items(): readonly PendingOperation[] {
    if (this.#run !== undefined) this.#endRun(this.#run, (value) => value);
    return this.#items;
  }

  #endRun({ key, list, from }: AppendRun, keep: (value: JsonValue) => JsonValue): void {
    for (let index = from; index < list.length; index++) {
      this.#items.push({ operation: { type: "append", key, value: keep(list[index] ?? null) }, count: 1 });
    }
    this.#run = undefined;
  }

  #replacesLast(operation: Operation): boolean {
    if (operation.type === "increment") return this.addStep(operation.key, operation.value);
    const last = this.#items.at(-1);
    if (operation.type !== "set" || last?.operation.type !== "set" || operation.key !== last.operation.key)
      return false;
    // A path that holds `null` counts as missing on the wire: the second write would not arrive there.
    if (last.operation.value === null) return false;
    last.operation = operation;
    last.count += 1;
    return true;
  }

  #collapse(): void {
    const before = this.#items.length;
    this.#items = collapseOperations(this.#items);
    this.#bytes = Math.ceil(this.#bytes * (this.#items.length / before));
    this.#collapseAt = Math.max(COLLAPSE_FROM, this.#items.length * 2);
    this.#lastBytes = Math.min(this.#lastBytes, this.#bytes);
  }
}
