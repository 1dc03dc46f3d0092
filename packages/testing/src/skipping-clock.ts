import type { Clock, Debounced, Timer } from "@runmeta/runtime";
import { manualClock, settlePromises } from "./manual-clock.ts";
import { realClearTimeout, realSetTimeout } from "./real-timers.ts";

type TimerOptions = Parameters<Clock["setTimer"]>[2];

/** Node's timers hold no longer delays. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The clock of a test run that was given none. Time stands still while code runs, and jumps to the next timer as soon
 * as nothing but timers can go on and somebody awaits one of them: waits take no time, and `at` is the same in every
 * run of a test. Real time counts for deadlines of user code only (hooks, `maxDuration`), so that what hangs is cut.
 */
export class SkippingClock implements Clock {
  readonly #clock = manualClock();
  readonly #deadlines = new Set<NodeJS.Timeout>();
  /** What is left behind by a run that has ended must not keep the process alive. */
  #stopped = false;
  #changes = 0;
  #changed: (() => void) | undefined;
  /** A deadline that real time has reached. */
  #reached = 0;

  now(): number {
    return this.#clock.now();
  }

  wallTime(): number {
    return this.#clock.wallTime();
  }

  setTimer(callback: () => void, delayMs: number, options?: TimerOptions): Timer {
    this.#change();
    const timer = this.#clock.setTimer(callback, delayMs, options);
    if (options?.deadline !== true || this.#stopped) return timer;
    const dueAt = this.now() + delayMs;
    const real = realSetTimeout(
      () => {
        this.#deadlines.delete(real);
        this.#reached = Math.max(this.#reached, dueAt);
        this.#change();
      },
      Math.min(delayMs, LONGEST_TIMER_MS),
    );
    this.#deadlines.add(real);
    return {
      cancel: () => {
        timer.cancel();
        realClearTimeout(real);
        this.#deadlines.delete(real);
      },
    };
  }

  debounce(callback: () => void, waitMs: number): Debounced {
    return this.#clock.debounce(callback, waitMs);
  }

  /** Moves time for `body` until it has settled; gives its result. */
  async drive<T>(body: Promise<T>): Promise<T> {
    let settled = false;
    const finish = () => {
      settled = true;
      this.#change();
    };
    body.then(finish, finish);
    for (;;) {
      await this.#untilQuiet(() => settled);
      if (settled) break;
      if (this.#reached > this.now()) await this.#clock.advanceTo(this.#reached);
      else if (this.#clock.pendingTimers.some(({ kind }) => kind === "wait")) await this.#clock.runNext();
      else await this.#nextChange();
    }
    this.#stopped = true;
    for (const real of this.#deadlines) realClearTimeout(real);
    return body;
  }

  async #untilQuiet(enough: () => boolean): Promise<void> {
    let before: number;
    do {
      before = this.#changes;
      await settlePromises(enough);
    } while (before !== this.#changes && !enough());
  }

  #change(): void {
    this.#changes += 1;
    this.#changed?.();
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = () => {
        this.#changed = undefined;
        resolve();
      };
    });
  }
}
