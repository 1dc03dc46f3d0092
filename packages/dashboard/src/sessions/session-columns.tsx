import { Link } from "wouter";
import type { Session } from "../api/sessions.ts";
import type { Column } from "../list/table-row.tsx";
import { previewOf } from "../ui/json-preview.ts";
import { StatusBadge } from "../ui/status-badge.tsx";
import { Tags } from "../ui/tags.tsx";
import { Time } from "../ui/time.tsx";
import { TimesToggle } from "../ui/times-toggle.tsx";
import { sessionStatus } from "./session-status.ts";

/** The columns of the list of sessions. */
export const SESSION_COLUMNS: readonly Column<Session>[] = [
  {
    name: "name",
    title: "Session",
    cell: (session, link) => (
      <Link href={`/sessions/${session.id}`} className="row-link" {...link}>
        <bdi className="row-title cut">{session.externalId ?? session.taskIdentifier}</bdi>
        <span className="row-id cut">{session.id}</span>
      </Link>
    ),
  },
  { name: "status", title: "Status", cell: (session) => <StatusBadge status={sessionStatus(session)} /> },
  { name: "type", title: "Type", cell: (session) => <bdi className="cut">{session.type}</bdi> },
  { name: "task", title: "Task", cell: (session) => <bdi className="cut">{session.taskIdentifier}</bdi> },
  {
    name: "metadata",
    title: "Metadata",
    cell: (session) => <bdi className="preview cut">{previewOf(session.metadata)}</bdi>,
  },
  { name: "tags", title: "Tags", cell: (session) => <Tags tags={session.tags} most={2} /> },
  {
    name: "started",
    title: <TimesToggle title="Created" />,
    cell: (session) => <Time at={session.createdAt} />,
  },
];
