import { Link } from "wouter";
import type { Column } from "../list/table-row.tsx";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { RunDuration } from "../ui/run-duration.tsx";
import { StatusBadge } from "../ui/status-badge.tsx";
import { Tags } from "../ui/tags.tsx";
import { Time } from "../ui/time.tsx";
import { TimesToggle } from "../ui/times-toggle.tsx";
import type { RunRow } from "./run-row.ts";

/** The columns of the list of runs. */
export const RUN_COLUMNS: readonly Column<RunRow>[] = [
  {
    name: "run",
    title: "Run",
    cell: (run, link) => (
      <Link href={`/runs/${run.id}`} className="row-link" {...link}>
        <bdi className="row-title cut">{run.task}</bdi>
        <span className="row-id cut">{run.id}</span>
      </Link>
    ),
  },
  { name: "status", title: "Status", cell: (run) => <StatusBadge status={run.status} /> },
  {
    name: "progress",
    title: "Progress",
    cell: (run) =>
      run.progress === undefined ? null : (
        <ProgressBar progress={run.progress} label={`Progress of ${run.task}`} />
      ),
  },
  {
    name: "metadata",
    title: "Metadata",
    cell: (run) => <bdi className="preview cut">{run.preview}</bdi>,
  },
  { name: "tags", title: "Tags", cell: (run) => <Tags tags={run.tags} most={2} /> },
  {
    name: "started",
    title: <TimesToggle title="Started" />,
    cell: (run) =>
      run.startedAt === undefined ? (
        <span className="muted">
          created <Time at={run.createdAt} />
        </span>
      ) : (
        <Time at={run.startedAt} />
      ),
  },
  { name: "duration", title: "Duration", cell: (run) => <RunDuration run={run} /> },
];
