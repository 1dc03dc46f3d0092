import type { Drop, FlushStats, MetadataOptions, Warning } from "@runmeta/runtime";
import { noStats, type RecordedHook } from "./test-run.ts";

/** What one run did, as it is collected while it runs. */
export interface RunNotes {
  readonly hooks: RecordedHook[];
  readonly warnings: Warning[];
  readonly drops: Drop[];
  stats: FlushStats;
  output: unknown;
  error: unknown;
}

/** The notes of a run that has not begun. */
export function emptyNotes(): RunNotes {
  return { hooks: [], warnings: [], drops: [], stats: noStats, output: undefined, error: undefined };
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
      layers.find((layer) => layer?.onDrop !== undefined)?.onDrop?.(drop);
    },
  };
}
