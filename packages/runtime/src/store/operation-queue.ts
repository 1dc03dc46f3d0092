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
  #bytes = 0;

  static of(items: readonly PendingOperation[], bytes: number): OperationQueue {
    const queue = new OperationQueue();
    queue.#items = [...items];
    queue.#bytes = bytes;
    queue.#collapseAt = Math.max(COLLAPSE_FROM, items.length * 2);
    return queue;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Bytes on the wire, estimated; at most a few bytes an operation off. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds an accepted operation whose value is `valueBytes` long. */
  push(operation: Operation, valueBytes: number): void {
    const merged = this.#mergedWithLast(operation);
    if (merged !== undefined) {
      this.#items[this.#items.length - 1] = merged;
      return;
    }
    this.#items.push({ operation, count: 1 });
    this.#bytes += ENVELOPE_BYTES + valueBytes + (operation.type === "update" ? 0 : operation.key.length);
    if (this.#items.length >= this.#collapseAt) this.#collapse();
  }

  items(): readonly PendingOperation[] {
    return this.#items;
  }

  /** Whether an operation takes no room of its own. */
  merges(operation: Operation): boolean {
    return this.#mergedWithLast(operation) !== undefined;
  }

  #mergedWithLast(operation: Operation): PendingOperation | undefined {
    const last = this.#items.at(-1);
    if (operation.type !== "increment" || last?.operation.type !== "increment") return undefined;
    if (last.operation.key !== operation.key) return undefined;
    const value = last.operation.value + operation.value;
    // Sums of fractions, and beyond 2^53, depend on the order of addition.
    if (!Number.isSafeInteger(value) || !Number.isSafeInteger(operation.value)) return undefined;
    if (!Number.isSafeInteger(last.operation.value)) return undefined;
    return { operation: { type: "increment", key: operation.key, value }, count: last.count + 1 };
  }

  #collapse(): void {
    const before = this.#items.length;
    this.#items = collapseOperations(this.#items);
    this.#bytes = Math.ceil(this.#bytes * (this.#items.length / before));
    this.#collapseAt = Math.max(COLLAPSE_FROM, this.#items.length * 2);
  }
}
