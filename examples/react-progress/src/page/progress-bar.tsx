import type { ShownProgress } from "./shown-run.ts";

/** A bar with what is done and of how much. */
export function ProgressBar(
  props: ShownProgress & { readonly label: string; readonly state: string; readonly small?: boolean },
) {
  const { done, total, percent, label, state, small = false } = props;
  return (
    <div className={small ? "progress small" : "progress"} data-state={state}>
      <div className="row">
        <span className="label">{label}</span>
        <span className="count">{total === 0 ? "" : `${done} of ${total} words`}</span>
      </div>
      <div
        className="bar"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(percent)}
      >
        <div style={{ width: `${percent}%` }} />
      </div>
    </div>
  );
}
