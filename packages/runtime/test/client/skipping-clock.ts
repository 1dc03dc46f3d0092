import type { Clock } from "../../src/clock.ts";

/** A clock on which every kept-alive wait is over at once; it remembers how long they were. Deadlines run in real time. */
export function skippingClock(): Clock & { readonly waits: number[] } {
  const waits: number[] = [];
  const startedAt = Date.now();
  let skippedMs = 0;
  return {
    waits,
    now: () => skippedMs,
    wallTime: () => startedAt + skippedMs,
    setTimer(callback, delayMs, options) {
      if (options?.keepAlive === true) {
        waits.push(delayMs);
        skippedMs += delayMs;
        const immediate = setImmediate(callback);
        return { cancel: () => clearImmediate(immediate) };
      }
      const timer = setTimeout(callback, delayMs);
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
    debounce() {
      throw new Error("not used by the client");
    },
  };
}
