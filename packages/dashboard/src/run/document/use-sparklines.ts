import { useDeferredValue, useMemo } from "react";
import { numericSeries } from "../history/numeric-series.ts";
import { momentAt, type RunHistory } from "../history/run-history.ts";
import { sparklinePath } from "../history/sparkline.ts";
import { type DocumentRow, rowPath } from "./document-rows.ts";
import { SPARKLINE_HEIGHT, SPARKLINE_WIDTH } from "./tree-row.tsx";

/**
 * Sparklines of the numbers among some rows, by the rows' ids: of those that took more than one value. Made for the rows
 * that are seen only, so a document may have any number of them.
 */
export function useSparklines(
  rows: readonly DocumentRow[],
  history: RunHistory | undefined,
): ReadonlyMap<string, string> {
  // Rows and values come first.
  const known = useDeferredValue(history);
  const numbers = rows.filter((row) => typeof row.value === "number");
  const key = numbers.map((row) => row.id).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the ids say which rows they are
  return useMemo(() => {
    const paths = new Map<string, string>();
    if (known === undefined || numbers.length === 0) return paths;
    const frame = {
      fromMs: Date.parse(momentAt(known, 0)),
      toMs: Date.parse(momentAt(known, known.changes.length)),
      width: SPARKLINE_WIDTH,
      height: SPARKLINE_HEIGHT,
    };
    const series = numericSeries(
      known,
      numbers.map((row) => ({ id: row.id, path: rowPath(row) })),
    );
    for (const [id, samples] of series) {
      if (samples.length > 1) paths.set(id, sparklinePath(samples, frame));
    }
    return paths;
  }, [known, key]);
}
