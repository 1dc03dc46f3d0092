import pDebounce from "p-debounce";

/** A waiting timer. */
export interface Timer {
  cancel(): void;
}

/** What a timer is for. */
export interface TimerOptions {
  readonly keepAlive?: boolean;
  readonly deadline?: boolean;
}

/**
 * Where time comes from. Everything that waits asks the clock of its run, so a test can hand in one that it moves by
 * hand; nothing global is patched.
 */
export interface Clock {
  /** Milliseconds since an arbitrary start; never jumps when the wall clock is set. */
  now(): number;
  /** Milliseconds since 1970, for dates that come from outside. */
  wallTime(): number;
  /**
   * Calls back once after `delayMs`.
   * `keepAlive: true` keeps the process running until then; by default a waiting timer does not. `deadline: true` says
   * that it only cuts off user code that takes too long: a clock that skips waits must not skip to it.
   */
  setTimer(callback: () => void, delayMs: number, options?: TimerOptions): Timer;
  /**
   * A function that calls back once it has not been called for `waitMs`. While it waits, the process stays alive:
   * that is what delivers the last writes of a process that simply ends.
   */
  debounce(callback: () => void, waitMs: number): Debounced;
}

/** A function whose calls come down to one after a pause; `cancel()` forgets a call that waits. */
export interface Debounced {
  (): void;
  cancel(): void;
}

// setTimeout and performance are looked up at each call, so that fake timers installed later are seen.
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer(callback, delayMs, options) {
    // Longer delays overflow to 1 ms in Node's timers.
    const timer = setTimeout(callback, Math.min(delayMs, 2 ** 31 - 1));
    if (options?.keepAlive !== true) timer.unref?.();
    return { cancel: () => clearTimeout(timer) };
  },
  debounce(callback, waitMs) {
    let abort: AbortController | undefined;
    let debounced: (() => Promise<void>) | undefined;
    const call = () => {
      if (debounced === undefined) {
        abort = new AbortController();
        debounced = pDebounce(callback, waitMs, { signal: abort.signal });
      }
      // Cancelling rejects the promise of every waiting call; nobody waits on it.
      debounced().catch(() => {});
    };
    return Object.assign(call, {
      cancel() {
        // With a reason of our own no DOMException is made, which costs as much as the rest of a short run.
        abort?.abort("cancelled");
        // Most runs never wait again, so the next one is made when one does.
        abort = undefined;
        debounced = undefined;
      },
    });
  },
};
