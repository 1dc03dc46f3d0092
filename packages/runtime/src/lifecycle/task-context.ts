import type { Packet } from "../client/packet.ts";
import type { JsonObject } from "../protocol/json.ts";

/** What a task's `run` and hooks know about the run they belong to (`ctx`), in the shape of the official SDK. */
export interface TaskRunContext {
  readonly run: {
    /** `run_…` */
    readonly id: string;
    readonly tags: readonly string[];
    readonly isTest: boolean;
    readonly isReplay: boolean;
    readonly createdAt: Date;
    /** When the first attempt started. */
    readonly startedAt: Date;
    /** The key as the caller wrote it, not its hash. */
    readonly idempotencyKey?: string;
    readonly maxAttempts?: number;
    /** Seconds. */
    readonly maxDuration?: number;
    readonly parentTaskRunId?: string;
    readonly rootTaskRunId?: string;
    readonly priority?: number;
    readonly version?: string;
  };
  readonly task: { readonly id: string };
  readonly attempt: {
    /** From 1. */
    readonly number: number;
    readonly startedAt: Date;
  };
  readonly queue: { readonly id: string; readonly name: string };
  readonly environment: { readonly id: string; readonly slug: string; readonly type: EnvironmentType };
  readonly project: {
    readonly id: string;
    readonly ref: string;
    readonly slug: string;
    readonly name: string;
  };
  readonly organization: { readonly id: string; readonly slug: string; readonly name: string };
  readonly batch?: { readonly id: string };
}

/** Which kind of environment a run belongs to. */
export type EnvironmentType = "DEVELOPMENT" | "STAGING" | "PREVIEW" | "PRODUCTION";

/** What an engine knows about a run it hands over for one attempt. */
export interface RunDescription {
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
  readonly payload: Packet;
  /** The document the endpoint has stored; the attempt starts with it. */
  readonly metadata: JsonObject;
  /** The document the run was triggered with; `onRetry: "reset"` goes back to it. @default {} */
  readonly initialMetadata?: JsonObject | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly parentId?: string | undefined;
  readonly rootId?: string | undefined;
  readonly batchId?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  /** Given when the run was triggered; overrides `retry.maxAttempts` of the task. */
  readonly maxAttempts?: number | undefined;
  /** Seconds; given when the run was triggered, overrides the task's. */
  readonly maxDuration?: number | undefined;
  readonly isTest?: boolean | undefined;
  readonly isReplay?: boolean | undefined;
  readonly queue?: string | undefined;
  readonly priority?: number | undefined;
  /** @default now */
  readonly createdAt?: Date | undefined;
  /** When the first attempt started. @default now */
  readonly startedAt?: Date | undefined;
  /** @default a development environment called "dev" */
  readonly environment?: TaskRunContext["environment"] | undefined;
}

const developmentEnvironment: TaskRunContext["environment"] = {
  id: "env_dev",
  slug: "dev",
  type: "DEVELOPMENT",
};

/** Builds `ctx` for one attempt; `wallTime` is milliseconds since 1970. */
export function createTaskContext(
  run: RunDescription,
  task: {
    readonly id: string;
    readonly maxAttempts: number | undefined;
    readonly maxDuration: number | undefined;
  },
  project: string,
  wallTime: number,
): TaskRunContext {
  const now = new Date(wallTime);
  const queueName = run.queue ?? `task/${task.id}`;
  return {
    run: {
      id: run.id,
      tags: [...(run.tags ?? [])],
      isTest: run.isTest ?? false,
      isReplay: run.isReplay ?? false,
      createdAt: run.createdAt ?? now,
      startedAt: run.startedAt ?? now,
      ...(run.idempotencyKey === undefined ? {} : { idempotencyKey: run.idempotencyKey }),
      ...(task.maxAttempts === undefined ? {} : { maxAttempts: task.maxAttempts }),
      ...(task.maxDuration === undefined ? {} : { maxDuration: task.maxDuration }),
      ...(run.parentId === undefined ? {} : { parentTaskRunId: run.parentId }),
      ...(run.rootId === undefined ? {} : { rootTaskRunId: run.rootId }),
      ...(run.priority === undefined ? {} : { priority: run.priority }),
    },
    task: { id: task.id },
    attempt: { number: run.attempt, startedAt: now },
    queue: { id: queueName, name: queueName },
    environment: run.environment ?? developmentEnvironment,
    project: { id: project, ref: project, slug: project, name: project },
    organization: { id: "org_local", slug: "local", name: "local" },
    ...(run.batchId === undefined ? {} : { batch: { id: run.batchId } }),
  };
}
