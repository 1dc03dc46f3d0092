import type { Drop, FlushStats, MetadataOptions, Warning } from "@runmeta/runtime";
import type { Leftover } from "./leftover.ts";
import { type DocumentChange, noStats, type RecordedHook, type StoredBatch } from "./test-run.ts";

/** What one run did, as it is collected while it runs. */
export interface RunNotes {
  readonly timeline: DocumentChange[];
  readonly stored: StoredBatch[];
  readonly hooks: RecordedHook[];
  readonly warnings: Warning[];
  readonly drops: Drop[];
  readonly leftovers: Leftover[];
  stats: FlushStats;
  output: unknown;
  error: unknown;
}

/** The notes of a run that has not begun. */
export function emptyNotes(): RunNotes {
  return {
    timeline: [],
    stored: [],
    hooks: [],
    warnings: [],
    drops: [],
    leftovers: [],
    stats: noStats,
    output: undefined,
    error: undefined,
  };
}

/** Listeners that note warnings and drops, and pass them on to the first layer that has such a listener. */
export function notingListeners(
  notes: RunNotes,
  layers: readonly (MetadataOptions | undefined)[],
): Required<Pick<MetadataOptions, "onWarning" | "onDrop">> {
  return {
    onWarning(warning: Warning) {
      notes.warnings.push(warning);
      layers.find((layer) => layer?.onWarning !== undefined)?.onWarning?.(warning);
    },
    onDrop(drop: Drop) {
      notes.drops.push(drop);
      if (drop.reason === "closed") notes.leftovers.push(lateWrite(drop));
      layers.find((layer) => layer?.onDrop !== undefined)?.onDrop?.(drop);
    },
  };
}

function lateWrite({ runId, keys }: Drop): Leftover {
  const written = keys.map((key) => (key === "" ? "the whole document" : JSON.stringify(key))).join(", ");
  return {
    kind: "late-write",
    message: `${written} of run ${runId} was written after the run had closed, and lost: await what writes before the run ends`,
  };
}
