import type { RunStatus } from "@runmeta/runtime/protocol";

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
