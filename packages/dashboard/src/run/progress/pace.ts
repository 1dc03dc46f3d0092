import type { Sample } from "../history/numeric-series.ts";

/** How fast a number moves. */
export interface Pace {
  readonly perSecond: number;
  /** Until it is at its goal, at this pace; undefined when it does not move towards it. */
  readonly leftMs: number | undefined;
}

/** A pace is taken over this time, or over the last steps where they take longer. */
const SPAN_MS = 30_000;
const MIN_STEPS = 3;

/**
 * How fast a number moved lately. Time that passed without a step counts, so a job that stands still gets slower and
 * its end goes away. Undefined before the second value, and where it went back (another attempt) before the second
 * value since then.
 *
 * @param goal the number when all is done
 * @param nowMs at most the time of the run's end
 */
export function paceOf(samples: readonly Sample[], goal: number, nowMs: number): Pace | undefined {
  const steps = sinceLastFall(samples);
  const last = steps.at(-1);
  if (last === undefined) return undefined;
  let first = last;
  for (let index = steps.length - 2; index >= 0; index--) {
    const step = steps[index];
    if (step === undefined || (step.atMs < nowMs - SPAN_MS && steps.length - index > MIN_STEPS)) break;
    first = step;
  }
  const spanMs = nowMs - first.atMs;
  if (first === last || spanMs <= 0) return undefined;
  const perSecond = ((last.value - first.value) / spanMs) * 1_000;
  const left = goal - last.value;
  if (left <= 0) return { perSecond, leftMs: 0 };
  return { perSecond, leftMs: perSecond > 0 ? (left / perSecond) * 1_000 : undefined };
}

function sinceLastFall(samples: readonly Sample[]): { atMs: number; value: number }[] {
  const steps: { atMs: number; value: number }[] = [];
  for (const { atMs, value } of samples) {
    if (value === undefined || value < (steps.at(-1)?.value ?? value)) steps.length = 0;
    if (value !== undefined) steps.push({ atMs, value });
  }
  return steps;
}
