import { applyOperation, type JsonObject, type Operation } from "@runmeta/runtime/protocol";
import type { HistoryStorage, StoredChange, StoredHistory } from "../storage/storage.ts";
import type { HistorySize } from "./metadata/group-rows.ts";

/** Options of a `MetadataHistory`. */
export interface MetadataHistoryOptions {
  readonly storage: HistoryStorage;
  /** Largest document in bytes. */
  readonly maximumSizeBytes: number;
  /** Changes of one run that are kept, at most; half of them stay when the oldest are folded. Default 1,000. */
  readonly maxChanges?: number | undefined;
  /** Bytes of operations that are kept of one run, at most; half of them stay. Default 256 KB, or four documents. */
  readonly maxBytes?: number | undefined;
  /** Called with each run whose history was looked at: it may be shorter now. It must not throw. */
  readonly onLook?: ((id: string) => void) | undefined;
  /** Called with each failure to fold; the next write of that run tries again. It must not throw. */
  readonly onError: (error: unknown) => void;
}

/**
 * The changes of each run's document. They are written by the statement that writes the document; here they are read,
 * and kept short: above a bound the oldest are folded, in the background, into the document that the rest begins with.
 * So a write costs the same however long a run lives, and a history is longer than its bounds for a moment only.
 */
export class MetadataHistory {
  readonly #storage: HistoryStorage;
  readonly #maxChanges: number;
  readonly #maxBytes: number;
  readonly #onLook: (id: string) => void;
  readonly #onError: (error: unknown) => void;
  /** Runs to fold, by id; each once however often it is asked for. */
  readonly #waiting = new Map<string, HistorySize>();
  #work: Promise<void> | undefined;
  #closed = false;

  constructor(options: MetadataHistoryOptions) {
    this.#storage = options.storage;
    this.#maxChanges = options.maxChanges ?? 1_000;
    this.#maxBytes = options.maxBytes ?? Math.max(256 * 1024, 4 * options.maximumSizeBytes);
    this.#onLook = options.onLook ?? (() => undefined);
    this.#onError = options.onError;
  }

  /** A run's history; {@link HistoryStorage.readHistory} says what `after` does. Undefined when there is no such run. */
  read(environment: string, id: string, after: number | undefined): Promise<StoredHistory | undefined> {
    return this.#storage.readHistory(environment, id, after);
  }

  /** Takes note of how long histories became, and folds those that are too long. Returns at once. */
  noteSizes(sizes: readonly HistorySize[]): void {
    if (this.#closed) return;
    for (const size of sizes) {
      if (size.changeCount > this.#maxChanges || size.changeBytes > this.#maxBytes)
        this.#waiting.set(size.id, size);
    }
    if (this.#waiting.size > 0) this.#work ??= this.#run();
  }

  /** Folds nothing more; resolves when the fold under way is over. Does not close the storage. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.clear();
    await this.#work;
  }

  async #run(): Promise<void> {
    for (const [id, { environment }] of this.#waiting) {
      try {
        await this.#fold(environment, id);
      } catch (error) {
        this.#onError(error);
      }
      this.#onLook(id);
      // After the fold: whoever asked for it meanwhile has got it.
      this.#waiting.delete(id);
    }
    this.#work = undefined;
  }

  async #fold(environment: string, id: string): Promise<void> {
    const history = await this.#storage.readHistory(environment, id, undefined);
    if (history?.base === undefined) return;
    const folded = history.changes.slice(0, this.#surplus(history.changes));
    const last = folded.at(-1);
    if (last === undefined) return;
    await this.#storage.foldHistory({
      id,
      baseVersion: history.base.version,
      version: last.version,
      at: last.at,
      changeCount: folded.length,
      changeBytes: folded.reduce((bytes, change) => bytes + sizeOf(change), 0),
      document: foldChanges(history.base.document, folded),
    });
  }

  /** How many of the oldest changes must go so that half of what is allowed is left; none within the bounds. */
  #surplus(changes: readonly StoredChange[]): number {
    let bytes = changes.reduce((sum, change) => sum + sizeOf(change), 0);
    if (changes.length <= this.#maxChanges && bytes <= this.#maxBytes) return 0;
    let count = 0;
    for (const change of changes) {
      if (changes.length - count <= this.#maxChanges / 2 && bytes <= this.#maxBytes / 2) break;
      bytes -= sizeOf(change);
      count += 1;
    }
    return count;
  }
}

function sizeOf(change: StoredChange): number {
  return Buffer.byteLength(change.operations);
}

/** A document after changes, JSON text both. */
function foldChanges(document: string, changes: readonly StoredChange[]): string {
  let value = JSON.parse(document) as JsonObject;
  for (const { operations } of changes) {
    // One by one: what a list of operations may pad counts for a request, and a change can hold several.
    for (const operation of JSON.parse(operations) as Operation[])
      value = applyOperation(value, operation).document;
  }
  return JSON.stringify(value);
}
