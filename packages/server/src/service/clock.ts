/** Time as the services see it; tests put their own in its place. */
export interface Clock {
  now(): Date;
  /** Calls `task` once after `delayMs`; the returned function calls it off. Never keeps the process alive. */
  schedule(task: () => void, delayMs: number): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  schedule: (task, delayMs) => {
    // Node turns a longer delay into 1 ms.
    const timer = setTimeout(task, Math.min(Math.max(delayMs, 0), 2_147_483_647));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
