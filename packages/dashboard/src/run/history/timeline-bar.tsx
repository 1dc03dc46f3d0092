import type { Operation } from "@runmeta/runtime/protocol";
import { Button } from "../../ui/button.tsx";
import { formatAbsolute } from "../../ui/format-time.ts";
import { cutText } from "../text/cut-text.ts";
import { ShownText } from "../text/shown-text.tsx";
import { attemptMarks } from "./attempts.ts";
import { momentAt, type RunHistory } from "./run-history.ts";
import type { MomentChoice } from "./use-moment.ts";

/** Names of keys that a moment tells; the rest is a number. */
const MAX_TOLD = 4;
const MAX_NAME = 40;

/** The slider through a run's document: one step is one change. */
export function TimelineBar({
  history,
  choice,
}: {
  readonly history: RunHistory;
  readonly choice: MomentChoice;
}) {
  const { index, moment } = choice;
  const last = history.changes.length;
  const at = momentAt(history, index);
  const change = history.changes[index - 1];
  const words = `Change ${index} of ${last}, ${formatAbsolute(new Date(at))}${change === undefined ? "" : `, attempt ${change.attempt}`}`;
  return (
    <div className="timeline" data-past={moment !== undefined || undefined}>
      <div className="timeline-track">
        <input
          type="range"
          aria-label="Moment of the document"
          aria-valuetext={moment === undefined ? `${words}, live` : words}
          min={0}
          max={last}
          step={1}
          value={index}
          disabled={last === 0}
          onChange={(event) => {
            const chosen = event.currentTarget.valueAsNumber;
            if (chosen === last) choice.backToLive();
            else choice.choose(chosen);
          }}
        />
        {attemptMarks(history).map((mark) => (
          <span
            className="timeline-mark"
            key={mark.attempt}
            style={{ "--at": last === 0 ? 0 : mark.index / last } as React.CSSProperties}
            title={`Attempt ${mark.attempt}`}
          >
            {mark.attempt}
          </span>
        ))}
      </div>
      <p className="timeline-words">
        {moment === undefined ? (
          <span className="muted number">
            {last === 0
              ? "No changes yet"
              : `${last.toLocaleString("en")} ${last === 1 ? "change" : "changes"}`}
          </span>
        ) : (
          <>
            <strong className="timeline-past">Not live</strong>
            <span className="number">{words}</span>
            {change === undefined ? (
              <span className="muted">Beginning</span>
            ) : (
              <span className="muted cut">
                <Told operations={change.operations} />
              </span>
            )}
            <Button onClick={choice.backToLive}>Back to live</Button>
          </>
        )}
      </p>
    </div>
  );
}

function Told({ operations }: { readonly operations: readonly Operation[] }) {
  const told = operations.slice(0, MAX_TOLD).map((operation) => {
    return operation.type === "update"
      ? "replace all"
      : `${operation.type} ${cutText(operation.key, MAX_NAME)}`;
  });
  const rest = operations.length - told.length;
  return <ShownText text={`${told.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`} />;
}
