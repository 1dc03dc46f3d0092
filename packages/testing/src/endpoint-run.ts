import type { JsonObject, RunStatus } from "@runmeta/runtime/protocol";
import type { RunDocument } from "./run-document.ts";
import type { StoredStreams } from "./stored-streams.ts";

/** A payload or an output as it travels. */
export interface StoredPacket {
  readonly data: string | undefined;
  readonly dataType: string;
}

/** The states a run can be in at a scripted endpoint. */
export type EndpointRunStatus = Extract<
  RunStatus,
  "QUEUED" | "EXECUTING" | "COMPLETED" | "FAILED" | "CANCELED" | "TIMED_OUT" | "CRASHED" | "SYSTEM_FAILURE"
>;

/** A run as a scripted endpoint keeps it. */
export interface EndpointRun {
  readonly id: string;
  readonly task: string;
  readonly document: RunDocument;
  readonly streams: StoredStreams;
  /** What it was triggered with. */
  readonly initialMetadata: JsonObject;
  readonly payload: StoredPacket;
  readonly tags: readonly string[];
  readonly parentId: string | undefined;
  readonly rootId: string | undefined;
  readonly batchId: string | undefined;
  readonly maxAttempts: number | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly isTest: boolean;
  status: EndpointRunStatus;
  /** The last one that was started; 0 before the first. */
  attempt: number;
  /** Who executes it, by the name that the worker gave itself. */
  holder: string | undefined;
  startedAt: number | undefined;
  finishedAt: number | undefined;
  output: StoredPacket | undefined;
  error: { readonly name?: string; readonly message: string; readonly stackTrace?: string } | undefined;
}

/** Whether a run has ended, in whatever way. */
export function hasEnded(run: EndpointRun): boolean {
  return run.status !== "QUEUED" && run.status !== "EXECUTING";
}
