import type { RunStatus } from "../protocol/run-status.ts";
import type { TaskRunPromise } from "./task-run-promise.ts";

/** What every reply about a run holds. Absent fields are undefined, never null. */
export interface RunRecord {
  readonly id: string;
  readonly status: RunStatus;
  readonly taskIdentifier: string;
  /** The key as the caller wrote it, not its hash. */
  readonly idempotencyKey?: string | undefined;
  readonly version?: string | undefined;
  readonly isQueued: boolean;
  readonly isExecuting: boolean;
  readonly isWaiting: boolean;
  /** Also true for CANCELED; not for EXPIRED and TIMED_OUT. */
  readonly isCompleted: boolean;
  readonly isSuccess: boolean;
  readonly isFailed: boolean;
  readonly isCancelled: boolean;
  readonly isTest: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly startedAt?: Date | undefined;
  readonly finishedAt?: Date | undefined;
  readonly delayedUntil?: Date | undefined;
  readonly expiredAt?: Date | undefined;
  readonly ttl?: string | undefined;
  readonly tags: readonly string[];
  /** Keys of the run's streams; absent where it has none. */
  readonly realtimeStreams?: readonly string[] | undefined;
  readonly costInCents: number;
  readonly baseCostInCents: number;
  readonly durationMs: number;
  /** The stored document. Loosely typed, as in the official SDK; a schema's `parse` gives types. */
  // biome-ignore lint/suspicious/noExplicitAny: code written for the official SDK reads members without a cast
  readonly metadata?: { readonly [key: string]: any } | undefined;
}

/** A run's parent, root or child. */
export interface RelatedRun extends RunRecord {
  /** 0 for a run without a parent. */
  readonly depth: number;
  readonly triggerFunction: "trigger" | "triggerAndWait" | "batchTrigger" | "batchTriggerAndWait";
  readonly batchId?: string | undefined;
}

/** What `runs.retrieve` gives. Payload and output are plain JSON values: a Date in them is its ISO string. */
export interface RetrievedRun<Payload = unknown, Output = unknown> extends RelatedRun {
  readonly payload?: Payload | undefined;
  /** Only once the run is COMPLETED. */
  readonly output?: Output | undefined;
  readonly error?:
    | {
        readonly message: string;
        readonly name?: string | undefined;
        readonly stackTrace?: string | undefined;
      }
    | undefined;
  readonly attemptCount: number;
  readonly relatedRuns: {
    readonly root?: RelatedRun | undefined;
    readonly parent?: RelatedRun | undefined;
    readonly children?: readonly RelatedRun[] | undefined;
  };
}

/** What `runs.list` gives. */
export interface ListedRun extends RunRecord {
  readonly env: { readonly id: string; readonly name: string; readonly user?: string | undefined };
}

/** The payload's type, of a task or of the handle that its `trigger` gave. */
export type PayloadOf<Run> = Run extends {
  readonly __types?: { readonly takes: (payload: infer Payload) => void };
}
  ? Payload
  : Run extends { triggerAndWait(payload: infer Payload, ...rest: never[]): unknown }
    ? Payload
    : unknown;

/** The output's type, of a task or of the handle that its `trigger` gave. */
export type OutputOf<Run> = Run extends { readonly __types?: { readonly output: infer Output } }
  ? Output
  : Run extends { triggerAndWait(payload: never, ...rest: never[]): TaskRunPromise<infer Output> }
    ? Output
    : unknown;
