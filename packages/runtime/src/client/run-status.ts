/** Every status of a run, as the API names it. */
export type RunStatus =
  | "PENDING_VERSION"
  | "QUEUED"
  | "DEQUEUED"
  | "EXECUTING"
  | "WAITING"
  | "DELAYED"
  | "COMPLETED"
  | "CANCELED"
  | "FAILED"
  | "CRASHED"
  | "SYSTEM_FAILURE"
  | "EXPIRED"
  | "TIMED_OUT";

const ENDED: ReadonlySet<string> = new Set<RunStatus>([
  "COMPLETED",
  "CANCELED",
  "FAILED",
  "CRASHED",
  "SYSTEM_FAILURE",
  "EXPIRED",
  "TIMED_OUT",
]);

/** True when the run will not change any more. (`isCompleted` of the API leaves out EXPIRED and TIMED_OUT.) */
export function isEnded(status: string): boolean {
  return ENDED.has(status);
}
