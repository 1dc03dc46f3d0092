import { useRealtimeRunsWithTag } from "@trigger.dev/react-hooks";
import { TAG } from "../telegram.ts";
import { ErrorNote } from "./error-note.tsx";
import { ProgressBar } from "./progress-bar.tsx";
import { progressOf, statusText } from "./shown-run.ts";

/** Everybody's telegrams of the last day, newest first, each with its own live bar. */
export function RecentTelegrams(props: {
  readonly selected: string | undefined;
  readonly onSelect: (runId: string) => void;
}) {
  const { selected, onSelect } = props;
  const { runs, error } = useRealtimeRunsWithTag(TAG);
  return (
    <section aria-label="Recent telegrams">
      <h2>Recent telegrams</h2>
      {error !== undefined && <ErrorNote title="The list cannot be read" error={error} />}
      {runs.length === 0 && error === undefined && <p className="quiet">None yet.</p>}
      <ul className="list">
        {runs.toReversed().map((run) => (
          <li key={run.id}>
            <button type="button" aria-pressed={run.id === selected} onClick={() => onSelect(run.id)}>
              <span className="line">{String(run.metadata?.text ?? run.id)}</span>
              <ProgressBar {...progressOf(run)} label={statusText(run)} state={run.status} small />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
