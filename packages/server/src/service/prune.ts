import { setTimeout as delay } from "node:timers/promises";
import { PRUNE_KINDS, type PruneCounts, type PruneStorage } from "../storage/storage.ts";

/** What a pass over a database needs. */
export interface PruneOptions {
  readonly storage: PruneStorage;
  /** What was over before this moment goes. */
  readonly before: Date;
  /** Counts and deletes nothing. Default false. */
  readonly dryRun?: boolean | undefined;
  /** Ends the pass after the statement under way. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the ids of runs that are gone. */
  onDeleted?(runIds: readonly string[]): void;
}

/**
 * Deletes everything that was over before a moment, {@link PruneStorage.pruneSome} says what that is, and gives how much
 * it was. After each statement it waits for as long as that took, so that it never has more than half of what the
 * database can do. Whatever ends it in the middle, what is left is deleted by the next pass.
 */
export async function prune({
  storage,
  before,
  dryRun = false,
  signal,
  onDeleted,
}: PruneOptions): Promise<PruneCounts> {
  const sums = { runs: 0, changes: 0, streams: 0, chunks: 0, batches: 0, sessions: 0, packets: 0 };
  for (const kind of PRUNE_KINDS) {
    for (let after: readonly [string, string] | undefined; signal?.aborted !== true; ) {
      const startedAt = performance.now();
      const { counts, runIds, next } = await storage.pruneSome({ kind, before, after, dryRun });
      for (const name of Object.keys(sums) as (keyof PruneCounts)[]) sums[name] += counts[name] ?? 0;
      if (runIds.length > 0) onDeleted?.(runIds);
      if (next === undefined) break;
      after = next;
      await delay(performance.now() - startedAt, undefined, { signal }).catch(() => undefined);
    }
  }
  return sums;
}
