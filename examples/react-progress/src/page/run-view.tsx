import type { ReactNode } from "react";
import { ErrorNote } from "./error-note.tsx";
import { ProgressBar } from "./progress-bar.tsx";
import { progressOf, type ShownRun, statusText } from "./shown-run.ts";

/** One run: what it says, how far it is, what it streams. */
export function RunView(props: {
  readonly runId: string;
  readonly run: ShownRun | undefined;
  readonly error: Error | undefined;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const { runId, run, error, onClose, children } = props;
  return (
    <article className="card">
      <div className="row">
        <code className="quiet">{runId}</code>
        <button type="button" className="plain" onClick={onClose}>
          New telegram
        </button>
      </div>
      {error !== undefined && <ErrorNote title="This run cannot be watched" error={error} />}
      {run === undefined ? (
        error === undefined && <p className="quiet">Connecting …</p>
      ) : (
        <>
          <p className="message">{String(run.metadata?.text ?? "")}</p>
          <ProgressBar {...progressOf(run)} label={statusText(run)} state={run.status} />
          {run.error !== undefined && <ErrorNote title="It failed" error={run.error} />}
        </>
      )}
      {children}
    </article>
  );
}
