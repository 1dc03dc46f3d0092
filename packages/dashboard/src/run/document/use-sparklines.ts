import { useDeferredValue, useMemo } from "react";
import { numericSeries } from "../history/numeric-series.ts";
import { momentAt, type RunHistory } from "../history/run-history.ts";
import { pointAt, type SparklineFrame, sparklinePath } from "../history/sparkline.ts";
import { type DocumentRow, rowPath } from "./document-rows.ts";
import { SPARKLINE_HEIGHT, SPARKLINE_WIDTH } from "./tree-row.tsx";

/** Sparklines of rows. */
export interface Sparklines {
  /** By the rows' ids: of the numbers that took more than one value. */
  readonly paths: ReadonlyMap<string, string>;
  /** Where the moment that is looked at stands in each of them; undefined for now. */
  readonly momentX: number | undefined;
}

/**
 * Sparklines of the numbers among some rows. Made for the rows that are seen only, so a document may have any number of
 * them.
 *
 * @param atMs the moment that is looked at, in milliseconds since 1970; undefined for now
 */
export function useSparklines(
  rows: readonly DocumentRow[],
  history: RunHistory | undefined,
  atMs: number | undefined,
): Sparklines {
  // Rows and values come first.
  const known = useDeferredValue(history);
  const numbers = rows.filter((row) => typeof row.value === "number");
  const key = numbers.map((row) => row.id).join("\n");
  const frame = useMemo(() => known && frameOf(known), [known]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the ids say which rows they are
  const paths = useMemo(() => {
    const found = new Map<string, string>();
    if (known === undefined || frame === undefined || numbers.length === 0) return found;
    const places = numbers.map((row) => ({ id: row.id, path: rowPath(row) }));
    for (const [id, samples] of numericSeries(known, places)) {
      if (samples.length > 1) found.set(id, sparklinePath(samples, frame));
    }
    return found;
  }, [known, frame, key]);
  return { paths, momentX: frame === undefined || atMs === undefined ? undefined : pointAt(atMs, frame) };
}

function frameOf(history: RunHistory): SparklineFrame {
  return {
    fromMs: Date.parse(momentAt(history, 0)),
    toMs: Date.parse(momentAt(history, history.changes.length)),
    width: SPARKLINE_WIDTH,
    height: SPARKLINE_HEIGHT,
  };
}
