import type { Storage } from "../storage/storage.ts";
import type { Clock } from "./clock.ts";
import type { RunChanges } from "./run-changes.ts";

/** From the first change until documents are looked at: the changes of this time are looked at together. */
const DELAY_MS = 250;

/** Looks for what another server left behind. */
const IDLE_MS = 15_000;

/** After a failed look. */
const RETRY_MS = 1_000;

/** What an indexer works with. */
export interface IndexerDependencies {
  readonly storage: Pick<Storage, "indexDocuments">;
  readonly changes: RunChanges;
  readonly clock: Clock;
  /** Called with each failure; the next look follows all the same. */
  onError(error: unknown): void;
}

/**
 * Keeps what runs are found by near their documents, behind the writes and not in them: a run is found by a change
 * about {@link DELAY_MS} after it, later when the database is busy.
 */
export class MetadataIndexer {
  readonly #with: IndexerDependencies;
  #stopWatching: () => void = () => undefined;
  #cancelTimer: () => void = () => undefined;
  #soon = false;
  #look: Promise<void> | undefined;
  #closed = false;

  constructor(dependencies: IndexerDependencies) {
    this.#with = dependencies;
  }

  /** Looks at once, then after each change. */
  start(): void {
    this.#stopWatching = this.#with.changes.watch(() => this.#wake());
    this.#lookAfter(0);
  }

  /** Ends it; resolves when a look under way is over. What is left is found at the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopWatching();
    this.#cancelTimer();
    await this.#look;
  }

  #wake(): void {
    if (this.#soon) return;
    this.#soon = true;
    // A change during a look may have come too late for it; the look sees the mark and another follows.
    if (this.#look === undefined) this.#lookAfter(DELAY_MS);
  }

  #lookAfter(delayMs: number): void {
    if (this.#closed) return;
    this.#cancelTimer();
    this.#cancelTimer = this.#with.clock.schedule(() => {
      this.#look = this.#lookOnce().then((nextMs) => {
        this.#look = undefined;
        this.#lookAfter(this.#soon ? Math.min(nextMs, DELAY_MS) : nextMs);
      });
    }, delayMs);
  }

  /** Gives the time until the next look. */
  async #lookOnce(): Promise<number> {
    this.#soon = false;
    const { storage, onError } = this.#with;
    try {
      while (!this.#closed && (await storage.indexDocuments()));
      return IDLE_MS;
    } catch (error) {
      onError(error);
      return RETRY_MS;
    }
  }
}
