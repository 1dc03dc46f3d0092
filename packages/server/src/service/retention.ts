import type { PruneStorage } from "../storage/storage.ts";
import type { Clock } from "./clock.ts";
import { prune } from "./prune.ts";
import type { RunChanges } from "./run-changes.ts";

/** After the start, when a server has other things to do. */
const FIRST_MS = 10_000;

/** From the end of one pass to the next: how much later than asked something is deleted, at most. */
const EVERY_MS = 10 * 60_000;

/** What a retention works with. */
export interface RetentionDependencies {
  readonly storage: PruneStorage;
  readonly changes: RunChanges;
  readonly clock: Clock;
  /** How long what is over is kept, in milliseconds. */
  readonly retentionMs: number;
  /** Called with each failure; the next pass follows all the same. */
  onError(error: unknown): void;
}

/** Deletes what has been over for long, now and then. Several servers on one database share the work. */
export class Retention {
  readonly #with: RetentionDependencies;
  readonly #stop = new AbortController();
  #cancelTimer: () => void = () => undefined;
  #pass: Promise<void> | undefined;

  constructor(dependencies: RetentionDependencies) {
    this.#with = dependencies;
  }

  start(): void {
    this.#passAfter(FIRST_MS);
  }

  /** Ends it; resolves when the statement under way is over. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#cancelTimer();
    await this.#pass;
  }

  #passAfter(delayMs: number): void {
    if (this.#stop.signal.aborted) return;
    this.#cancelTimer = this.#with.clock.schedule(() => {
      this.#pass = this.#passOnce().then(() => this.#passAfter(EVERY_MS));
    }, delayMs);
  }

  async #passOnce(): Promise<void> {
    const { storage, changes, clock, retentionMs, onError } = this.#with;
    try {
      await prune({
        storage,
        before: new Date(clock.now().getTime() - retentionMs),
        signal: this.#stop.signal,
        // Whoever follows one of them looks again, and finds that it is gone.
        onDeleted: (runIds) => changes.publish(runIds),
      });
    } catch (error) {
      onError(error);
    }
  }
}
