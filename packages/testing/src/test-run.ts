import type { Drop, FlushStats, JsonObject, Warning } from "@runmeta/runtime";
import type { HookCall } from "@runmeta/runtime/worker";
import type { EndpointRunStatus } from "./endpoint-run.ts";
import type { DocumentChange } from "./run-document.ts";
import type { RecordedRequest } from "./scripted-endpoint.ts";

/** A hook that was called. */
export interface RecordedHook extends HookCall {
  /** The attempt it was called in, from 1. */
  readonly attempt: number;
}

/** What became of a run and of everything it wrote. */
export interface TestRun<TOutput = unknown> {
  readonly id: string;
  /** The task's id; `run` for a run without one. */
  readonly task: string;
  readonly status: EndpointRunStatus;
  /** What the caller of the task gets: it has travelled as a packet. Undefined unless the run completed. */
  readonly output: TOutput | undefined;
  /** Exactly what was thrown in the last attempt; undefined unless it failed. */
  readonly error: unknown;
  /** How many attempts there were. */
  readonly attempts: number;
  /** The document that is stored at the end. */
  readonly metadata: JsonObject;
  /**
   * Every change that reached the endpoint, in order, with the document after it; those of child runs among them. Writes
   * that were folded into one before they were sent are one change.
   */
  readonly timeline: readonly DocumentChange[];
  /** Every request that the mocked run sent, in order: its own, and those of its children. */
  readonly requests: readonly RecordedRequest[];
  /** Hooks in the order of their calls, `middleware` included: the config's, global ones, the task's. */
  readonly hooks: readonly RecordedHook[];
  readonly warnings: readonly Warning[];
  readonly drops: readonly Drop[];
  /** Runs that this one triggered, in order; those of stubbed tasks as well. */
  readonly children: readonly TestRun[];
  /** The run that was given as parent, or that triggered this one. */
  readonly parent: { readonly id: string; readonly metadata: JsonObject } | undefined;
  /** What became of its writes, all attempts together. */
  readonly stats: FlushStats;
}

/** The sum of the counts of several attempts. */
export function addStats(left: FlushStats, right: FlushStats): FlushStats {
  const byReason = { ...left.droppedByReason };
  for (const [reason, count] of Object.entries(right.droppedByReason)) {
    const known = byReason[reason as keyof typeof byReason] ?? 0;
    Object.assign(byReason, { [reason]: known + count });
  }
  return {
    accepted: left.accepted + right.accepted,
    acknowledged: left.acknowledged + right.acknowledged,
    pending: left.pending + right.pending,
    dropped: left.dropped + right.dropped,
    droppedByReason: byReason,
    pendingBytes: left.pendingBytes + right.pendingBytes,
    requests: left.requests + right.requests,
    retries: left.retries + right.retries,
    bytesSent: left.bytesSent + right.bytesSent,
  };
}

/** The counts of a run that has written nothing. */
export const noStats: FlushStats = {
  accepted: 0,
  acknowledged: 0,
  pending: 0,
  dropped: 0,
  droppedByReason: {},
  pendingBytes: 0,
  requests: 0,
  retries: 0,
  bytesSent: 0,
};
