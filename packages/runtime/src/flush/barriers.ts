import type { Clock } from "../clock.ts";
import type { MetadataFlushError } from "../errors.ts";

interface Barrier {
  /** Every call up to this one must be stored. */
  readonly mark: number;
  settle(error: Error | undefined): void;
}

/** Callers of `flush()`, each waiting until everything accepted before its call is stored (I7). */
export class Barriers {
  readonly #clock: Clock;
  #waiting: Barrier[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get any(): boolean {
    return this.#waiting.length > 0;
  }

  wait(
    mark: number,
    options: { timeoutMs: number; signal: AbortSignal | undefined },
    timedOut: () => MetadataFlushError,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | undefined) => {
        timer.cancel();
        options.signal?.removeEventListener("abort", aborted);
        this.#waiting = this.#waiting.filter((other) => other !== barrier);
        if (error === undefined) resolve();
        else reject(error);
      };
      const aborted = () => settle(options.signal?.reason as Error);
      const barrier: Barrier = { mark, settle };
      // Somebody awaits this: the process must not end before it is settled.
      const timer = this.#clock.setTimer(() => settle(timedOut()), options.timeoutMs, { keepAlive: true });
      options.signal?.addEventListener("abort", aborted, { once: true });
      this.#waiting.push(barrier);
    });
  }

  /** Everything up to `mark` is stored, or lost as `error` says. */
  reached(mark: number, error: MetadataFlushError | undefined): void {
    for (const barrier of this.#waiting) if (barrier.mark <= mark) barrier.settle(error);
  }

  /** Nothing more can be done for now. */
  fail(error: MetadataFlushError): void {
    for (const barrier of [...this.#waiting]) barrier.settle(error);
  }
}
