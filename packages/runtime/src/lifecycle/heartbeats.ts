import { systemClock } from "../clock.ts";

/** How long code may go on before `heartbeats.yield` gives way; more often would slow a tight loop down. */
const YIELD_EVERY_MS = 10;

let yieldedAt = 0;

/** For tasks that compute for long without awaiting anything. */
export const heartbeats = {
  /**
   * Lets timers and requests of this process go on, so that the run's metadata and heartbeats leave while you compute.
   * Cheap enough to call in every turn of a loop. Works outside a run as well.
   */
  async yield(): Promise<void> {
    const now = systemClock.now();
    if (now - yieldedAt < YIELD_EVERY_MS) return;
    await new Promise<void>((resolve) => void systemClock.setTimer(resolve, 0, { keepAlive: true }));
    yieldedAt = systemClock.now();
  },

  /** Always undefined: heartbeats are the worker's business, not the task's. */
  getLastHeartbeat(): Date | undefined {
    return undefined;
  },
} as const;
