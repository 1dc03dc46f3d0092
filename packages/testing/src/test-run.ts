import type { Drop, FlushStats, JsonObject, Operation, Warning } from "@runmeta/runtime";
import type { HookCall } from "@runmeta/runtime/worker";
import type { EndpointRunStatus } from "./endpoint-run.ts";
import type { Leftover } from "./leftover.ts";
import type { RecordedRequest } from "./recorded-request.ts";

/** A hook that was called. */
export interface RecordedHook extends HookCall {
  /** The attempt it was called in, from 1. */
  readonly attempt: number;
}

/** One change of a run's document. */
export interface DocumentChange {
  /** When, in milliseconds on the run's clock. */
  readonly at: number;
  /** The run's attempt at that time, from 1. */
  readonly attempt: number;
  /** As the code made it, with its own key (`$.list[0]`), before anything was merged. */
  readonly operation: Operation;
  /** As the run's code saw the document afterwards; as it was stored, for a change that came from another run. */
  readonly document: JsonObject;
  /** The run that made the change, where it is another one: a child that wrote to `metadata.parent` or `metadata.root`. */
  readonly by?: string;
}

/** The operations of one request that reached the run's document: writes of a time, merged. */
export interface StoredBatch {
  /** When the client knew, in milliseconds on the run's clock. */
  readonly at: number;
  readonly attempt: number;
  /** A replaced document is an `update`. */
  readonly operations: readonly Operation[];
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
  /** What is stored of its streams, by key: the chunks in order. */
  readonly streams: Readonly<Record<string, readonly unknown[]>>;
  /**
   * Every accepted write of the run's code, in order and one by one, stored or not; and what other runs wrote to it, when
   * it arrived.
   */
  readonly timeline: readonly DocumentChange[];
  /** What was stored of the run's own writes: one entry a batch, however often it was sent. */
  readonly stored: readonly StoredBatch[];
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
  /** What it left behind; code that goes on later still adds to it. See {@link assertNoLeftovers}. */
  readonly leftovers: readonly Leftover[];
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
