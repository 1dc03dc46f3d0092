import type { AttemptOutcome, AttemptResult } from "../service/attempt-request.ts";
import type { HeldAttempt } from "../service/run-attempts.ts";
import type { RunRow } from "../storage/storage.ts";

/** What of a run's row is needed to execute an attempt. */
export type StartedRun = Pick<
  RunRow,
  | "id"
  | "environment"
  | "task"
  | "attempt"
  | "interruptions"
  | "payload"
  | "metadata"
  | "initialMetadata"
  | "tags"
  | "parentId"
  | "rootId"
  | "batchId"
  | "idempotencyKey"
  | "idempotencyKeyOptions"
  | "maxAttempts"
  | "maxDurationSeconds"
  | "isTest"
  | "queue"
  | "priority"
  | "createdAt"
  | "startedAt"
>;

/** What became of a report. */
export type ReportResult<Run = unknown> =
  | { readonly status: "done"; readonly run: Run }
  | Exclude<AttemptResult, { readonly status: "done" }>;

/**
 * Where an execution reports: the run service of the same process, or a server over HTTP. Reports can be repeated, and
 * reject when it is not known whether they arrived.
 */
export interface AttemptReports {
  start(attempt: HeldAttempt): Promise<ReportResult<StartedRun>>;
  /** The attempt waits, and leaves its place in its queue to others. */
  pause(attempt: HeldAttempt): Promise<ReportResult>;
  /** It goes on; not while the queue is full. */
  resume(attempt: HeldAttempt): Promise<ReportResult>;
  complete(attempt: HeldAttempt, outcome: AttemptOutcome): Promise<ReportResult>;
  /** Gives the run up: it begins once more. */
  release(attempt: HeldAttempt, how: { readonly interrupted: boolean }): Promise<ReportResult>;
}
