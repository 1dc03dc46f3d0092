import type { JsonObject } from "@runmeta/runtime/protocol";
import { useMemo } from "react";
import { useNow } from "../../live/use-now.ts";
import { allProgress, type ShownProgress } from "../../progress/progress-of.ts";
import { formatDuration } from "../../ui/format-time.ts";
import { ProgressBar } from "../../ui/progress-bar.tsx";
import { numericSeries, type Sample } from "../history/numeric-series.ts";
import type { RunHistory } from "../history/run-history.ts";
import { cutText } from "../text/cut-text.ts";
import { ShownText } from "../text/shown-text.tsx";
import { type Pace, paceOf } from "./pace.ts";

interface ProgressPanelProps {
  readonly document: JsonObject;
  readonly history: RunHistory | undefined;
  /** The moment that is looked at, in milliseconds since 1970; undefined for now. */
  readonly atMs: number | undefined;
  /** The run goes on: it has a pace and an end to come. */
  readonly running: boolean;
}

const MAX_NAME = 60;

/** How far a run says it is, how fast that goes and how long it will take. Nothing for a document without progress. */
export function ProgressPanel({ document, history, atMs, running }: ProgressPanelProps) {
  const now = useNow();
  const found = useMemo(() => allProgress(document), [document]);
  const series = useMemo(() => {
    const places = found.map((one) => ({ id: one.key, path: one.path }));
    return history === undefined ? new Map<string, Sample[]>() : numericSeries(history, places);
  }, [found, history]);
  if (found.length === 0) return null;
  return (
    <section className="panel progress-panel" aria-label="Progress">
      {found.map((progress) => {
        const name = cutText(progress.key, MAX_NAME);
        const upTo = atMs ?? now;
        const samples = (series.get(progress.key) ?? []).filter(
          (sample) => atMs === undefined || sample.atMs <= atMs,
        );
        const pace = running || atMs !== undefined ? paceOf(samples, progress.goal, upTo) : undefined;
        return (
          <div className="progress-line" key={progress.key}>
            <span className="progress-name">
              <ShownText text={name} />
            </span>
            <ProgressBar progress={progress} label={name} />
            <span className="progress-facts muted number">{factsOf(progress, pace)}</span>
          </div>
        );
      })}
    </section>
  );
}

function factsOf(progress: ShownProgress, pace: Pace | undefined): string {
  const facts: string[] = [];
  const counted = progress.total !== undefined && progress.done !== undefined;
  if (counted) facts.push(`${count(progress.done)} of ${count(progress.total)}`);
  if (pace !== undefined && pace.perSecond > 0) {
    const scale = counted ? 1 : 100 / progress.goal;
    facts.push(rateText(pace.perSecond * scale, counted ? "" : " %"));
  }
  if (pace?.leftMs !== undefined && pace.leftMs > 0) facts.push(`about ${roughTime(pace.leftMs)} left`);
  return facts.join(" · ");
}

function count(value: number | undefined): string {
  return (value ?? 0).toLocaleString("en", { maximumFractionDigits: 2 });
}

/** Slow work is told by the minute or the hour: "0.02/s" says nothing. */
function rateText(perSecond: number, unit: string): string {
  const [rate, per] =
    perSecond >= 0.5
      ? [perSecond, "s"]
      : perSecond * 60 >= 0.5
        ? [perSecond * 60, "min"]
        : [perSecond * 3_600, "h"];
  const text = rate.toLocaleString("en", { maximumFractionDigits: rate < 10 ? 1 : 0 });
  return `${text}${unit}/${per}`;
}

/** A guess is told in whole seconds, and in whole minutes from ten minutes on. */
function roughTime(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const unitMs = seconds < 600 ? 1_000 : 60_000;
  return formatDuration(Math.round(ms / unitMs) * unitMs).replace(/ 0 s$/, "");
}
