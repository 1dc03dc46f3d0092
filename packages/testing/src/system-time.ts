import type { Clock } from "@runmeta/runtime";

/** Real time, for endpoints that were given no clock. It never debounces: nothing at an endpoint does. */
export const systemTime: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer(callback, delayMs, options) {
    const timer = setTimeout(callback, delayMs);
    if (options?.keepAlive !== true) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  debounce(callback, waitMs) {
    let timer: NodeJS.Timeout | undefined;
    const call = () => {
      clearTimeout(timer);
      timer = setTimeout(callback, waitMs);
    };
    return Object.assign(call, { cancel: () => clearTimeout(timer) });
  },
};
