import type { EndpointRun } from "./endpoint-run.ts";
import type { EndpointRuns } from "./endpoint-runs.ts";
import type { RecordedRequest } from "./recorded-request.ts";
import type { RunNotes } from "./run-notes.ts";
import type { TestRun } from "./test-run.ts";

/** Where {@link describeRun} looks. */
export interface RunSources {
  readonly runs: EndpointRuns;
  readonly requests: readonly RecordedRequest[];
  notesOf(runId: string): RunNotes;
}

/** Everything about a run and its children, as it is now. */
export function describeRun(run: EndpointRun, sources: RunSources): TestRun {
  const { runs } = sources;
  const { timeline, stored, hooks, warnings, drops, leftovers, stats, output, error } = sources.notesOf(
    run.id,
  );
  const parent = run.parentId === undefined ? undefined : runs.find(run.parentId);
  return {
    id: run.id,
    task: run.task,
    status: run.status,
    // Code that was cancelled may have returned all the same.
    output: run.status === "COMPLETED" ? output : undefined,
    error,
    attempts: run.attempt,
    metadata: run.document.current,
    streams: run.streams.all(),
    timeline,
    stored,
    requests: sources.requests,
    hooks,
    warnings,
    drops,
    leftovers,
    children: runs
      .all()
      .filter(({ parentId }) => parentId === run.id)
      .map((child) => describeRun(child, sources)),
    parent: parent === undefined ? undefined : { id: parent.id, metadata: parent.document.current },
    stats,
  };
}
