import type { PendingOperation } from "../protocol/collapse-operations.ts";
import type { Operation } from "../protocol/operation.ts";
import type { OutboxCut } from "../store/outbox.ts";
import type { Batch, BatchContent, BatchOperations, Target } from "../target/target.ts";

/** How many calls each operation of a batch stands for, in the order of the body. */
interface Counts {
  readonly own: readonly number[];
  readonly parent: readonly number[];
  readonly root: readonly number[];
}

/** Operations by the document they are for. */
export type Lists = Pick<OutboxCut, "own" | "parent" | "root">;

/**
 * One batch on its way. Only its text is kept: the document goes on changing what the operations referred to, and a
 * batch that is sent again must be byte-identical (I9).
 */
export class Parcel implements Batch {
  readonly body: string;
  readonly counts: Counts;
  /** With this batch every call up to this one is stored; undefined when more batches belong to it. */
  readonly upTo: number | undefined;
  /** Its operations were refused before, in another batch. */
  readonly suspect: boolean;
  /** A request with it got no reply, or one that does not say: it may have been applied. */
  inDoubt = false;
  /** It may have been applied, and counts twice then, and the endpoint is not known to apply a batch only once. */
  unclear = false;
  #key: string | (() => string);

  /** @param key called once, when somebody asks for the key: a target in this process does not */
  constructor(
    target: Target,
    lists: Lists & { readonly upTo: number | undefined },
    suspect: boolean,
    key: () => string,
  ) {
    this.body = target.encode(contentOf(lists));
    this.counts = {
      own: lists.own.map(countOf),
      parent: lists.parent.map(countOf),
      root: lists.root.map(countOf),
    };
    this.upTo = lists.upTo;
    this.suspect = suspect;
    this.#key = key;
  }

  get key(): string {
    if (typeof this.#key === "function") this.#key = this.#key();
    return this.#key;
  }
}

function contentOf(lists: Lists): BatchContent {
  const operations = lists.own.map(operationOf);
  return {
    operations,
    parentOperations: lists.parent.map(operationOf),
    rootOperations: lists.root.map(operationOf),
    document() {
      const [replacement] = operations;
      if (replacement?.type !== "update") throw new Error("a replacing target was given single operations");
      return replacement.value;
    },
  };
}

/** The operations of a batch, with their counts. */
export function openParcel(target: Target, parcel: Parcel): Lists {
  const { operations, parentOperations, rootOperations } = target.decode(parcel.body);
  return {
    own: zip(operations, parcel.counts.own),
    parent: zip(parentOperations, parcel.counts.parent),
    root: zip(rootOperations, parcel.counts.root),
  };
}

export function countCalls(counts: readonly number[]): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}

/** Calls in the whole batch. */
export function parcelCalls(parcel: Parcel): number {
  const { own, parent, root } = parcel.counts;
  return countCalls(own) + countCalls(parent) + countCalls(root);
}

/**
 * Halves what was refused, so that the operation at fault is found while the others go through: the run's own, the
 * parent's and the root's apart first, then halves of a list. Undefined when it stands alone.
 */
export function splitLists(lists: Lists): Lists[] | undefined {
  const parts: Lists[] = [];
  if (lists.own.length > 0) parts.push({ own: lists.own, parent: [], root: [] });
  if (lists.parent.length > 0) parts.push({ own: [], parent: lists.parent, root: [] });
  if (lists.root.length > 0) parts.push({ own: [], parent: [], root: lists.root });
  if (parts.length > 1) return parts;
  for (const name of ["own", "parent", "root"] as const) {
    const list = lists[name];
    if (list.length < 2) continue;
    const middle = Math.ceil(list.length / 2);
    const none = { own: [], parent: [], root: [] };
    return [
      { ...none, [name]: list.slice(0, middle) },
      { ...none, [name]: list.slice(middle) },
    ];
  }
  return undefined;
}

/** What may be sent a second time without harm, and what may not. */
export function separateAccumulating(lists: Lists): { again: Lists; never: Lists } {
  const only = (accumulating: boolean): Lists => {
    const test = (item: PendingOperation) => isAccumulating(item.operation) === accumulating;
    return {
      own: lists.own.filter(test),
      parent: lists.parent.filter(test),
      root: lists.root.filter(test),
    };
  };
  return { again: only(false), never: only(true) };
}

/** Whether applying the operations a second time would change the result. */
export function countsTwice({ operations, parentOperations, rootOperations }: BatchOperations): boolean {
  return [...operations, ...parentOperations, ...rootOperations].some(isAccumulating);
}

function isAccumulating(operation: Operation): boolean {
  return operation.type === "increment" || operation.type === "append";
}

/** The key that an operation writes; `""` for the whole document. */
export function keyOf(operation: Operation): string {
  return operation.type === "update" ? "" : operation.key;
}

function operationOf(item: PendingOperation): Operation {
  return item.operation;
}

function countOf(item: PendingOperation): number {
  return item.count;
}

function zip(operations: readonly Operation[], counts: readonly number[]): PendingOperation[] {
  return operations.map((operation, index) => ({ operation, count: counts[index] ?? 1 }));
}
