import type { useRealtimeRun } from "@trigger.dev/react-hooks";

/** A run as the hooks give it. */
export type ShownRun = NonNullable<ReturnType<typeof useRealtimeRun>["run"]>;

/** What the job's `metadata.progress` has written. */
export interface ShownProgress {
  readonly done: number;
  readonly total: number;
  readonly percent: number;
}

/** How far a run is, by its metadata; nowhere before the job has said anything. */
export function progressOf({ metadata }: ShownRun): ShownProgress {
  return (metadata?.progress as ShownProgress | undefined) ?? { done: 0, total: 0, percent: 0 };
}

/** Its status in words. */
export function statusText({ status, metadata }: ShownRun): string {
  if (status === "COMPLETED") return "Delivered";
  if (status === "EXECUTING") return metadata?.word === undefined ? "Keying" : `Keying “${metadata.word}”`;
  return status.charAt(0) + status.slice(1).toLowerCase().replaceAll("_", " ");
}
