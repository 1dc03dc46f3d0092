import { systemClock } from "../clock.ts";
import { currentScope } from "../context/context-storage.ts";

/** What computing took. */
export interface ComputeUsage {
  /** Always 0: your own machines have no price here. */
  readonly costInCents: number;
  /** By the clock on the wall, waits included. */
  readonly durationMs: number;
}

/** What a run has used until now. */
export interface CurrentUsage {
  readonly compute: {
    readonly attempt: ComputeUsage;
    /** Same as `attempt`: a worker does not know how long earlier attempts took. */
    readonly total: ComputeUsage;
  };
  /** Always 0. */
  readonly baseCostInCents: number;
  /** Always 0. */
  readonly totalCostInCents: number;
}

function computeSince(startedAt: number, now: number): ComputeUsage {
  return { costInCents: 0, durationMs: Math.round(now - startedAt) };
}

/** How long things take. Costs are there for compatibility, and 0. */
export const usage = {
  /** Of the current attempt; 0 outside a run. */
  getCurrent(): CurrentUsage {
    const scope = currentScope();
    const now = scope?.clock.now() ?? 0;
    const attempt = computeSince(scope?.openedAt ?? now, now);
    return { compute: { attempt, total: attempt }, baseCostInCents: 0, totalCostInCents: 0 };
  },

  /**
   * Calls `body` and says how long it took. Works outside a run as well.
   * @throws what `body` threw
   */
  async measure<T>(body: () => Promise<T>): Promise<{ readonly result: T; readonly compute: ComputeUsage }> {
    const clock = currentScope()?.clock ?? systemClock;
    const startedAt = clock.now();
    const result = await body();
    return { result, compute: computeSince(startedAt, clock.now()) };
  },
} as const;
