import { collapseOperations, type PendingOperation } from "../protocol/collapse-operations.ts";
import type { Operation } from "../protocol/operation.ts";

/** Below this length a queue is not worth collapsing. */
const COLLAPSE_FROM = 64;

/** What an operation costs on the wire besides its key and value: `{"type":"increment","key":"","value":},`. */
export const ENVELOPE_BYTES = 44;

/**
 * Operations in the order they were accepted, merged as they come: a repeated increment or set of one key takes no
 * room. The rest collapses whenever the queue has doubled, so the cost of a push is constant on average.
 */
export class OperationQueue {
  #items: PendingOperation[] = [];
  #collapseAt = COLLAPSE_FROM;
  /** Nothing but appends: each is an item of its own, so there is nothing to collapse. */
  #onlyAppends = true;
  #bytes = 0;
  /** Bytes of the last item, when it was pushed here. */
  #lastBytes = 0;

  static of(items: readonly PendingOperation[], bytes: number): OperationQueue {
    const queue = new OperationQueue();
    queue.#items = [...items];
    queue.#bytes = bytes;
    queue.#onlyAppends = items.every(({ operation }) => operation.type === "append");
    queue.#collapseAt = Math.max(COLLAPSE_FROM, items.length * 2);
    return queue;
  }

  /** Bytes on the wire, estimated; at most a few bytes an operation off. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds an accepted operation whose value is `valueBytes` long. */
  push(operation: Operation, valueBytes: number): void {
    const bytes = ENVELOPE_BYTES + valueBytes + (operation.type === "update" ? 0 : operation.key.length);
    if (operation.type === "append") {
      this.#items.push({ operation, count: 1 });
      this.#bytes += bytes;
      this.#lastBytes = bytes;
      if (!this.#onlyAppends && this.#items.length >= this.#collapseAt) this.#collapse();
      return;
    }
    this.#onlyAppends = false;
    const merged = this.#mergedWithLast(operation);
    if (merged === undefined) {
      this.#items.push({ operation, count: 1 });
      this.#bytes += bytes;
    } else {
      this.#items[this.#items.length - 1] = merged;
      this.#bytes += bytes - this.#lastBytes;
    }
    this.#lastBytes = bytes;
    if (this.#items.length >= this.#collapseAt) this.#collapse();
  }

  items(): readonly PendingOperation[] {
    return this.#items;
  }

  /** Whether an operation takes no room of its own. */
  merges(operation: Operation): boolean {
    return operation.type === "increment" && this.#mergedWithLast(operation) !== undefined;
  }

  #mergedWithLast(operation: Operation): PendingOperation | undefined {
    const item = this.#items.at(-1);
    if (item === undefined) return undefined;
    const last = item.operation;
    if (operation.type === "set" && last.type === "set" && operation.key === last.key) {
      // A path that holds `null` counts as missing on the wire: the second write would not arrive there.
      return last.value === null ? undefined : { operation, count: item.count + 1 };
    }
    if (operation.type !== "increment" || last.type !== "increment" || operation.key !== last.key)
      return undefined;
    const value = last.value + operation.value;
    // Sums of fractions, and beyond 2^53, depend on the order of addition.
    const exact =
      Number.isSafeInteger(value) &&
      Number.isSafeInteger(operation.value) &&
      Number.isSafeInteger(last.value);
    return exact
      ? { operation: { type: "increment", key: operation.key, value }, count: item.count + 1 }
      : undefined;
  }

  #collapse(): void {
    const before = this.#items.length;
    this.#items = collapseOperations(this.#items);
    this.#bytes = Math.ceil(this.#bytes * (this.#items.length / before));
    this.#collapseAt = Math.max(COLLAPSE_FROM, this.#items.length * 2);
    this.#lastBytes = Math.min(this.#lastBytes, this.#bytes);
  }
}
