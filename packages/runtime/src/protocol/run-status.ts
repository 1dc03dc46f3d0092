/** Statuses in which a run waits for somebody or is being executed. */
export const LIVE_STATUSES = [
  "PENDING_VERSION",
  "DELAYED",
  "QUEUED",
  "DEQUEUED",
  "EXECUTING",
  "WAITING",
] as const;

/** Statuses in which nothing will happen any more. */
const ENDED_STATUSES = [
  "COMPLETED",
  "CANCELED",
  "FAILED",
  "CRASHED",
  "SYSTEM_FAILURE",
  "EXPIRED",
  "TIMED_OUT",
] as const;

/** Every status of a run, as the public API names it. */
export const RUN_STATUSES = [...LIVE_STATUSES, ...ENDED_STATUSES] as const;

/** A status of a run. */
export type RunStatus = (typeof RUN_STATUSES)[number];

const ended: ReadonlySet<string> = new Set(ENDED_STATUSES);

/** True when the run will not change any more. (`isCompleted` of the API leaves out EXPIRED and TIMED_OUT.) */
export function isEnded(status: string): boolean {
  return ended.has(status);
}
