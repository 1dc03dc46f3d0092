import { isEnded } from "@runmeta/runtime/protocol";
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { RetrievedRun } from "../api/runs.ts";
import { useReadOnly } from "../sign-in/sign-in-state.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { RunDuration } from "../ui/run-duration.tsx";
import { StatusBadge } from "../ui/status-badge.tsx";
import { Tags } from "../ui/tags.tsx";
import { Time } from "../ui/time.tsx";
import { CancelButton } from "./actions/cancel-button.tsx";
import { ReplayButton } from "./actions/replay-button.tsx";
import { ShownText } from "./text/shown-text.tsx";

/** What run it is, how it stands, and what can be done with it. */
export function RunHeader({ run }: { readonly run: RetrievedRun }) {
  const readOnly = useReadOnly();
  return (
    <header className="run-header">
      <div className="run-title">
        <p className="muted">
          <Link href="/runs">Runs</Link> / <code>{run.id}</code>
          <CopyButton text={() => run.id} label="Copy id" />
        </p>
        <h1>
          <ShownText text={run.taskIdentifier} />
          <StatusBadge status={run.status} />
        </h1>
      </div>
      {readOnly ? null : (
        <div className="run-actions">
          <ReplayButton id={run.id} />
          {isEnded(run.status) ? null : <CancelButton id={run.id} />}
        </div>
      )}
      <dl className="run-facts">
        <Fact name="Created">
          <Time at={run.createdAt} />
        </Fact>
        {run.delayedUntil === undefined || run.startedAt !== undefined ? null : (
          <Fact name="Delayed until">
            <Time at={run.delayedUntil} />
          </Fact>
        )}
        <Fact name="Started">
          <Time at={run.startedAt} />
        </Fact>
        {run.finishedAt === undefined ? null : (
          <Fact name="Finished">
            <Time at={run.finishedAt} />
          </Fact>
        )}
        <Fact name="Duration">
          <RunDuration run={run} />
        </Fact>
        <Fact name="Attempt">
          <span className="number">{run.attemptCount === 0 ? "–" : run.attemptCount}</span>
        </Fact>
        {run.tags.length === 0 ? null : (
          <Fact name="Tags">
            <Tags tags={run.tags} />
          </Fact>
        )}
        {run.version === undefined ? null : (
          <Fact name="Version">
            <bdi>{run.version}</bdi>
          </Fact>
        )}
        {run.idempotencyKey === undefined ? null : (
          <Fact name="Idempotency key">
            <span className="cut run-key" title={run.idempotencyKey}>
              <bdi>{run.idempotencyKey}</bdi>
            </span>
          </Fact>
        )}
        {run.isTest ? <Fact name="Test">yes</Fact> : null}
      </dl>
    </header>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
