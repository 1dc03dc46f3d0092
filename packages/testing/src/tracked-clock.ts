import { type Clock, currentRun, type Debounced, type Timer } from "@runmeta/runtime";

type TimerOptions = Parameters<Clock["setTimer"]>[2];

/** A timer that the code of a run waits for. */
export interface AwaitedTimer {
  readonly runId: string;
  readonly delayMs: number;
}

/** A clock as one mocked run sees it: the same time as others on it, and its own timers. */
export class TrackedClock implements Clock {
  readonly #clock: Clock;
  readonly #awaited = new Map<Timer, AwaitedTimer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Timers that have not fired and that code of a run waits for; delivery works outside of runs, and is not among them. */
  get awaitedTimers(): readonly AwaitedTimer[] {
    return [...this.#awaited.values()];
  }

  now(): number {
    return this.#clock.now();
  }

  wallTime(): number {
    return this.#clock.wallTime();
  }

  setTimer(callback: () => void, delayMs: number, options?: TimerOptions): Timer {
    const runId = currentRun()?.id;
    if (runId === undefined || options?.keepAlive !== true || options.deadline === true) {
      return this.#clock.setTimer(callback, delayMs, options);
    }
    const forget = () => void this.#awaited.delete(timer);
    const waiting = this.#clock.setTimer(
      () => {
        forget();
        callback();
      },
      delayMs,
      options,
    );
    const timer = {
      cancel() {
        forget();
        waiting.cancel();
      },
    };
    this.#awaited.set(timer, { runId, delayMs });
    return timer;
  }

  debounce(callback: () => void, waitMs: number): Debounced {
    return this.#clock.debounce(callback, waitMs);
  }
}
