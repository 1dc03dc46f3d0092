/** How a status is spelled, and which colour it has: colour is never the only sign. */
const LOOKS: Readonly<Record<string, readonly [tone: string, text: string]>> = {
  PENDING_VERSION: ["waiting", "Pending version"],
  DELAYED: ["waiting", "Delayed"],
  QUEUED: ["waiting", "Queued"],
  DEQUEUED: ["running", "Dequeued"],
  EXECUTING: ["running", "Executing"],
  WAITING: ["waiting", "Waiting"],
  COMPLETED: ["good", "Completed"],
  CANCELED: ["stopped", "Canceled"],
  FAILED: ["bad", "Failed"],
  CRASHED: ["bad", "Crashed"],
  SYSTEM_FAILURE: ["bad", "System failure"],
  EXPIRED: ["stopped", "Expired"],
  TIMED_OUT: ["bad", "Timed out"],
  ACTIVE: ["running", "Active"],
  CLOSED: ["stopped", "Closed"],
};

/** The words for a status. */
export function statusText(status: string): string {
  return LOOKS[status]?.[1] ?? status;
}

/** The status of a run or a session. */
export function StatusBadge({ status }: { readonly status: string }) {
  return (
    <span className="status" data-tone={LOOKS[status]?.[0] ?? "waiting"}>
      <span className="status-dot" aria-hidden="true" />
      {statusText(status)}
    </span>
  );
}
