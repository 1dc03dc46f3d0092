import { useState } from "react";
import { Link } from "wouter";
import { type ListedRun, listRuns } from "../api/runs.ts";
import { usePoll } from "../live/use-poll.ts";
import { progressOf } from "../progress/progress-of.ts";
import { EmptyState } from "../ui/empty-state.tsx";
import { previewOf } from "../ui/json-preview.ts";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { RunDuration } from "../ui/run-duration.tsx";
import { StatusBadge } from "../ui/status-badge.tsx";
import { Tags } from "../ui/tags.tsx";
import { Time } from "../ui/time.tsx";
import { useTitle } from "../ui/use-title.ts";

/** All runs, newest first. */
export function RunsPage() {
  useTitle("Runs");
  const [runs, setRuns] = useState<readonly ListedRun[]>();
  usePoll("runs", 1_000, async (signal) => {
    const answer = await listRuns({ "page[size]": "50" }, signal);
    if (answer?.ok) setRuns(answer.value.data);
    return answer;
  });
  if (runs === undefined) return null;
  if (runs.length === 0) return <EmptyState title="No runs yet" />;
  return (
    <>
      <h1>Runs</h1>
      <table>
        <tbody>
          {runs.map((run) => {
            const progress = progressOf(run.metadata);
            return (
              <tr key={run.id}>
                <td>
                  <Link href={`/runs/${run.id}`}>{run.id}</Link>
                </td>
                <td>
                  <StatusBadge status={run.status} />
                </td>
                <td>{run.taskIdentifier}</td>
                <td>
                  <Tags tags={run.tags} most={2} />
                </td>
                <td>
                  <Time at={run.createdAt} />
                </td>
                <td>
                  <RunDuration run={run} />
                </td>
                <td>{progress === undefined ? null : <ProgressBar progress={progress} label={run.id} />}</td>
                <td>{previewOf(run.metadata, progress?.key)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </>
  );
}
