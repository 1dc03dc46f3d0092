import type { ShownProgress } from "../progress/progress-of.ts";

/** How far a run is. `label` names it for who cannot see the bar. */
export function ProgressBar({
  progress,
  label,
}: {
  readonly progress: ShownProgress;
  readonly label: string;
}) {
  const percent = Math.round(progress.percent);
  return (
    <span className="progress">
      <span
        className="progress-track"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
      >
        <span className="progress-fill" style={{ transform: `scaleX(${progress.percent / 100})` }} />
      </span>
      <span className="progress-text number">{percent} %</span>
    </span>
  );
}
