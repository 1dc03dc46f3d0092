import { type Clock, systemClock } from "../../src/clock.ts";

/** Real time, `speed` times as fast: real servers and real interleavings, without the waits of a bad network. */
export function fastClock(speed: number): Clock {
  return {
    now: () => systemClock.now() * speed,
    wallTime: () => systemClock.wallTime(),
    setTimer: (callback, delayMs, options) => systemClock.setTimer(callback, delayMs / speed, options),
    debounce: (callback, waitMs) => systemClock.debounce(callback, waitMs / speed),
  };
}
