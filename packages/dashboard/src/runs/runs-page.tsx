import { useMemo } from "react";
import { listRuns } from "../api/runs.ts";
import type { ListSource } from "../list/cursor-list.ts";
import { LiveList } from "../list/live-list.tsx";
import { useTitle } from "../ui/use-title.ts";
import { FirstRun } from "./first-run.tsx";
import { RUN_COLUMNS } from "./run-columns.tsx";
import { formatRunFilter, parseRunFilter, type RunFilter, runFilterQuery } from "./run-filter.ts";
import { RunFilterBar } from "./run-filter-bar.tsx";
import { type RunRow, runRow } from "./run-row.ts";
import { useRunFilter } from "./use-run-filter.ts";

/** All runs, newest first, live; the filter is in the address. */
export function RunsPage() {
  useTitle("Runs");
  const [filter, setFilter] = useRunFilter();
  return (
    <LiveList
      name="runs"
      title="Runs"
      filterBar={<RunFilterBar filter={filter} onChange={setFilter} />}
      filterText={formatRunFilter(filter)}
      onClearFilter={() => setFilter(parseRunFilter(""))}
      source={useMemo(() => runsMatching(filter), [filter])}
      columns={RUN_COLUMNS}
      firstStep={<FirstRun />}
    />
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
