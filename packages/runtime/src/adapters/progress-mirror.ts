import { systemClock, type Timer } from "../clock.ts";
import { currentScope } from "../context/context-storage.ts";
import { metadata } from "../metadata.ts";

/** As often as metadata is sent while it keeps changing. */
const INTERVAL_MS = 1_000;

/** What a queue stores as a job's progress. */
export type JobProgress = string | number | boolean | object;

/**
 * Repeats one key of the current run's metadata as its job's own progress: when it has changed, once a second at most,
 * and at the end. It asks nothing of the server, so it works while that is away. An update that fails is a warning.
 */
export class ProgressMirror {
  readonly #key: string;
  readonly #update: (progress: JobProgress) => Promise<unknown>;
  #timer: Timer | undefined;
  #updating: Promise<void> = Promise.resolve();
  #last: string | undefined;

  constructor(key: string, update: (progress: JobProgress) => Promise<unknown>) {
    this.#key = key;
    this.#update = update;
    this.#wait();
  }

  /** Repeats the last value; the job is not done before that is stored. */
  async end(): Promise<void> {
    this.#timer?.cancel();
    await this.#updating;
    await this.#repeat();
  }

  #wait(): void {
    this.#timer = systemClock.setTimer(() => {
      this.#updating = this.#repeat();
      this.#wait();
    }, INTERVAL_MS);
  }

  async #repeat(): Promise<void> {
    const value = metadata.get<JobProgress | null>(this.#key);
    const text = JSON.stringify(value);
    if (value === undefined || value === null || text === this.#last) return;
    this.#last = text;
    try {
      await this.#update(value);
    } catch (error) {
      this.#last = undefined;
      currentScope()?.warn("NOT_REPORTED", `The job's progress could not be updated: ${String(error)}`);
    }
  }
}
