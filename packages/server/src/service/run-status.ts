import type { RunStatus } from "../storage/storage.ts";

/** Statuses in which nothing will happen any more. */
const FINAL_STATUSES = [
  "COMPLETED",
  "CANCELED",
  "FAILED",
  "CRASHED",
  "SYSTEM_FAILURE",
  "EXPIRED",
  "TIMED_OUT",
] as const satisfies readonly RunStatus[];

/** Statuses in which a run waits for somebody or is being executed. */
export const LIVE_STATUSES = [
  "PENDING_VERSION",
  "DELAYED",
  "QUEUED",
  "DEQUEUED",
  "EXECUTING",
  "WAITING",
] as const satisfies readonly RunStatus[];

/** All statuses of the public API. */
export const RUN_STATUSES: readonly RunStatus[] = [...LIVE_STATUSES, ...FINAL_STATUSES];

const finalStatuses: ReadonlySet<RunStatus> = new Set(FINAL_STATUSES);

/** True when the run has ended, however it did. */
export function isFinal(status: RunStatus): boolean {
  return finalStatuses.has(status);
}

/**
 * The booleans beside a status. They are the official ones, oddities included: `isCompleted` takes in CANCELED but not
 * EXPIRED and TIMED_OUT, and `isFailed` is true for CANCELED.
 */
export function statusFlags(status: RunStatus) {
  const isCompleted = ["COMPLETED", "CANCELED", "FAILED", "CRASHED", "SYSTEM_FAILURE"].includes(status);
  return {
    isQueued: status === "QUEUED" || status === "DELAYED" || status === "PENDING_VERSION",
    isExecuting: status === "EXECUTING" || status === "DEQUEUED",
    isWaiting: status === "WAITING",
    isCompleted,
    isSuccess: status === "COMPLETED",
    isFailed: isCompleted && status !== "COMPLETED",
    isCancelled: status === "CANCELED",
  };
}
