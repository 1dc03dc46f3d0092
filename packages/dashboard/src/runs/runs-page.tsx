import { useMemo } from "react";
import { listRuns } from "../api/runs.ts";
import type { ListSource } from "../list/cursor-list.ts";
import { useCursorList } from "../list/use-cursor-list.ts";
import { VirtualTable } from "../list/virtual-table.tsx";
import { Button } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { ErrorNote } from "../ui/error-note.tsx";
import { useTitle } from "../ui/use-title.ts";
import { FirstRun } from "./first-run.tsx";
import { RUN_COLUMNS } from "./run-columns.tsx";
import { formatRunFilter, parseRunFilter, type RunFilter, runFilterQuery } from "./run-filter.ts";
import { RunFilterBar } from "./run-filter-bar.tsx";
import { type RunRow, runRow } from "./run-row.ts";
import { useRunFilter } from "./use-run-filter.ts";

/** How often the runs on the screen are read again, in milliseconds. */
const REFRESH_MS = 1_000;

/** All runs, newest first, live; the filter is in the address. */
export function RunsPage() {
  useTitle("Runs");
  const [filter, setFilter] = useRunFilter();
  const key = formatRunFilter(filter);
  const source = useMemo(() => runsMatching(filter), [filter]);
  const list = useCursorList(key, source, REFRESH_MS);
  const empty = list.complete && list.rows.length === 0;
  return (
    <div className="list-page">
      <div className="page-head">
        <h1>Runs</h1>
        <RunFilterBar filter={filter} onChange={setFilter} />
      </div>
      {list.fault?.kind === "refused" ? <ErrorNote fault={list.fault} /> : null}
      {empty && key === "" ? <FirstRun /> : null}
      {empty && key !== "" ? (
        <EmptyState title="No run matches">
          <p className="muted">Take a filter away, or look at a longer time.</p>
          <Button onClick={() => setFilter(parseRunFilter(""))}>Show all runs</Button>
        </EmptyState>
      ) : null}
      {empty ? null : <VirtualTable key={key} name="runs" label="Runs" list={list} columns={RUN_COLUMNS} />}
    </div>
  );
}

function runsMatching(filter: RunFilter): ListSource<RunRow> {
  const conditions = runFilterQuery(filter);
  return {
    cursorOf: (run) => run.id,
    async read({ size, after }, signal) {
      const answer = await listRuns(
        { ...conditions, "page[size]": String(size), "page[after]": after },
        signal,
      );
      if (!answer?.ok) return answer;
      const { data, pagination } = answer.value;
      return { ...answer, value: { rows: data.map(runRow), next: pagination.next } };
    },
  };
}
