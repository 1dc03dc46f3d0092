import type { Sample } from "./numeric-series.ts";

/** What a sparkline is drawn into. */
export interface SparklineFrame {
  readonly fromMs: number;
  readonly toMs: number;
  readonly width: number;
  readonly height: number;
}

/**
 * An SVG path of a series: a value holds until the next one, where there is no number there is no line. Between two
 * points of the picture only the last value is drawn, so a path is never longer than the picture is wide.
 */
export function sparklinePath(samples: readonly Sample[], frame: SparklineFrame): string {
  const { min, max } = range(samples);
  const y = (value: number) =>
    round(max === min ? frame.height / 2 : frame.height - ((value - min) / (max - min)) * frame.height);
  const steps: string[] = [];
  let drawing = false;
  for (const { x, value } of perPoint(samples, frame)) {
    if (drawing) steps.push(`H${x}`);
    if (value === undefined) drawing = false;
    else {
      steps.push(drawing ? `V${y(value)}` : `M${x} ${y(value)}`);
      drawing = true;
    }
  }
  if (drawing) steps.push(`H${frame.width}`);
  return steps.join("");
}

/** Smallest and largest number of a series; 0 and 0 where it has none. */
function range(samples: readonly Sample[]): { min: number; max: number } {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { value } of samples) {
    if (value === undefined) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return min > max ? { min: 0, max: 0 } : { min, max };
}

/** Where a time stands in a picture, in half points from its left end. */
export function pointAt(atMs: number, frame: SparklineFrame): number {
  const share = (atMs - frame.fromMs) / Math.max(1, frame.toMs - frame.fromMs);
  return Math.round(Math.min(1, Math.max(0, share)) * frame.width * 2) / 2;
}

/** The last sample of each half point of the picture's width. */
function perPoint(samples: readonly Sample[], frame: SparklineFrame) {
  const points: { x: number; value: number | undefined }[] = [];
  for (const { atMs, value } of samples) {
    const x = pointAt(atMs, frame);
    if (points.at(-1)?.x === x) points.pop();
    points.push({ x, value });
  }
  return points;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
