import type { RunStatus } from "@runmeta/runtime/protocol";
import type { ListedRun } from "../api/runs.ts";
import { progressOf, type ShownProgress } from "../progress/progress-of.ts";
import { previewOf } from "../ui/json-preview.ts";

/** What the list keeps of a run: of its document no more than a line, so that many runs fit into the memory. */
export interface RunRow {
  readonly id: string;
  readonly status: RunStatus;
  readonly task: string;
  readonly tags: readonly string[];
  readonly createdAt: string;
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
  readonly progress: ShownProgress | undefined;
  readonly preview: string;
}

/** The row of a run. */
export function runRow(run: ListedRun): RunRow {
  const progress = progressOf(run.metadata);
  return {
    id: run.id,
    status: run.status,
    task: run.taskIdentifier,
    tags: run.tags,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    progress,
    preview: previewOf(run.metadata, progress?.key),
  };
}
