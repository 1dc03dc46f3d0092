import type { Concurrency } from "../engine/concurrency.ts";

/**
 * Room for runs that are to be taken, shared by the tasks of a worker: each gets it in turn, so that no task with many
 * runs keeps the others out, children of runs that wait for them least of all.
 */
export class WorkerRoom {
  readonly #concurrency: Pick<Concurrency, "free">;
  readonly #waiting: (() => void)[] = [];
  #reserved = 0;
  #closed = false;

  constructor(concurrency: Pick<Concurrency, "free">) {
    this.#concurrency = concurrency;
  }

  /** True when a run may begin that nobody has asked for. */
  get free(): boolean {
    return this.#concurrency.free > this.#reserved;
  }

  /** Resolves when there is room for one run, or when it is closed; to be given back by {@link release}. */
  reserve(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.wake();
    });
  }

  /** The run has begun, or there was none. */
  release(): void {
    this.#reserved -= 1;
    this.wake();
  }

  /** There may be room. */
  wake(): void {
    while (this.#waiting.length > 0 && (this.free || this.#closed)) {
      this.#reserved += 1;
      this.#waiting.shift()?.();
    }
  }

  /** Nobody waits any longer. */
  close(): void {
    this.#closed = true;
    this.wake();
  }
}
