import { stringBytes } from "../protocol/byte-size.ts";
import type { JsonValue } from "../protocol/json.ts";
import type { OperationQueue } from "./operation-queue.ts";

/**
 * One top-level key of the document as the job sees it, with its bytes and what has not been sent of it.
 * Keeping the bytes here is what makes the cost of a write independent of the document's size.
 */
export class Entry {
  readonly key: string;
  /** Bytes of `"key":`. */
  readonly keyBytes: number;
  /** undefined: the key is absent (deleted, and the deletion is not sent yet). */
  value: JsonValue | undefined;
  /** Bytes of the value; 0 when absent. */
  bytes: number;
  /** Unsent: the whole value goes out as one `set` (or `delete`), whatever was done to it. */
  whole = false;
  /** Unsent single operations; only while `whole` is false. */
  operations: OperationQueue | undefined;
  /** Accepted calls that the unsent state stands for, besides those in `operations`. */
  wholeCount = 0;
  /** Grows with every change of the value and of `operations`, except by way of a {@link ScalarPlace}. */
  revision = 0;

  constructor(key: string, value: JsonValue | undefined, bytes: number) {
    this.key = key;
    this.keyBytes = stringBytes(key) + 1;
    this.value = value;
    this.bytes = bytes;
  }

  /** Marks that the value was replaced; what was queued for it no longer matters. */
  markWhole(): void {
    this.whole = true;
    this.wholeCount += 1;
    if (this.operations !== undefined) this.absorbOperations();
  }

  /** The queued operations' effect is in `value`; only their count is kept. */
  absorbOperations(): void {
    this.wholeCount += this.operations?.calls ?? 0;
    this.operations = undefined;
    this.whole = true;
    this.revision += 1;
  }

  /** Takes over the unsent change of the same key's entry in a document that was reloaded. */
  takeChange(from: Entry): void {
    this.whole = from.whole;
    this.wholeCount = from.wholeCount;
    this.operations = from.operations;
    this.revision += 1;
  }

  get changed(): boolean {
    return this.whole || this.operations !== undefined;
  }

  /** Everything was sent. */
  markSent(): void {
    this.whole = false;
    this.wholeCount = 0;
    this.operations = undefined;
    this.revision += 1;
  }
}
