/**
 * The timers of the process, taken before a test can fake them (`vi.useFakeTimers()`): turns of the event loop pass, and what
 * hangs is cut, all the same.
 */
export const {
  setImmediate: realSetImmediate,
  setTimeout: realSetTimeout,
  clearTimeout: realClearTimeout,
} = globalThis;
