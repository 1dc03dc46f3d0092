import type { Clock } from "../clock.ts";

/** Those who wait for the next of something, each for a limited time. */
export class Waiters {
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves at the next {@link Waiters.wake}, when the time is over, and when the signal is aborted. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel();
        signal.removeEventListener("abort", done);
        resolve();
      };
      // Somebody awaits this: the process must not end before it is over.
      const timer = this.#clock.setTimer(done, timeoutMs, { keepAlive: true });
      signal.addEventListener("abort", done, { once: true });
      this.#waiting.push(done);
    });
  }

  wake(): void {
    for (const done of this.#waiting.splice(0)) done();
  }
}
