import { useState } from "react";
import { Link } from "wouter";
import { retrieveSession, type Session } from "../api/sessions.ts";
import { useLiveValue } from "../live/use-live-value.ts";
import { useReadOnly } from "../sign-in/sign-in-state.tsx";
import { Button } from "../ui/button.tsx";
import { DetailHead } from "../ui/detail-head.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { ErrorNote } from "../ui/error-note.tsx";
import { Facts } from "../ui/facts.tsx";
import { JsonText } from "../ui/json-text.tsx";
import { StatusBadge } from "../ui/status-badge.tsx";
import { Tags } from "../ui/tags.tsx";
import { Time } from "../ui/time.tsx";
import { useTitle } from "../ui/use-title.ts";
import { CloseSession } from "./close-session.tsx";
import { SessionForm } from "./session-form.tsx";
import { sessionStatus } from "./session-status.ts";

const LIST = { path: "/sessions", name: "Sessions" };

/** One session: what it is, its document, and what can be changed of it. */
export function SessionPage({ id }: { readonly id: string }) {
  const { value: session, fault, take } = useLiveValue(id, 2_000, (signal) => retrieveSession(id, signal));
  const [editing, setEditing] = useState(false);
  const readOnly = useReadOnly();
  useTitle(session?.externalId ?? id);
  if (session === undefined) {
    if (fault?.kind !== "refused") return null;
    return fault.status === 404 ? (
      <EmptyState title="There is no such session" />
    ) : (
      <ErrorNote fault={fault} />
    );
  }
  return (
    <article className="detail">
      <DetailHead
        list={LIST}
        title={session.externalId ?? session.id}
        actions={
          readOnly || editing ? null : (
            <>
              <Button onClick={() => setEditing(true)}>Edit</Button>
              {session.closedAt === null ? <CloseSession session={session} onClosed={take} /> : null}
            </>
          )
        }
      >
        <StatusBadge status={sessionStatus(session)} />
      </DetailHead>
      <div className="detail-columns">
        {editing ? (
          <SessionForm
            session={session}
            onSaved={(saved, headers) => {
              take({ ...session, ...saved }, headers);
              setEditing(false);
            }}
            onCancel={() => setEditing(false)}
          />
        ) : (
          <section>
            <h2>Metadata</h2>
            {session.metadata === null ? (
              <p className="muted">This session has no document.</p>
            ) : (
              <JsonText value={session.metadata} label="Metadata" />
            )}
          </section>
        )}
        <Facts facts={factsOf(session)} />
      </div>
    </article>
  );
}

function factsOf(session: Session) {
  const runId = session.currentRunId ?? undefined;
  return [
    ["Id", <code key="id">{session.id}</code>],
    ["External id", session.externalId === null ? undefined : <bdi key="external">{session.externalId}</bdi>],
    ["Type", <bdi key="type">{session.type}</bdi>],
    ["Task", <bdi key="task">{session.taskIdentifier}</bdi>],
    [
      "Current run",
      runId === undefined ? undefined : (
        <Link key="run" href={`/runs/${runId}`}>
          <code>{runId}</code>
        </Link>
      ),
    ],
    ["Tags", session.tags.length === 0 ? undefined : <Tags key="tags" tags={session.tags} />],
    ["Created", <Time key="created" at={session.createdAt} />],
    ["Changed", <Time key="updated" at={session.updatedAt} />],
    ["Expires", session.expiresAt === null ? undefined : <Time key="expires" at={session.expiresAt} />],
    ["Closed", session.closedAt === null ? undefined : <Time key="closed" at={session.closedAt} />],
    ["Reason", session.closedReason === null ? undefined : <bdi key="reason">{session.closedReason}</bdi>],
  ] as const;
}
