/** Types under the names that code for the official SDK imports. Ours, where it says the same under another name. */

import type { ClientConfiguration } from "../client/configure.ts";
import type { OutputOf, PayloadOf, RetrievedRun } from "../client/run-record.ts";
import type { TaskRunResult as Result } from "../client/task-run-promise.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { SchemaInput, StandardSchema } from "../standard-schema.ts";
import type { RunmetaConfig } from "./config.ts";
import type { HookFunction, HookParamsOf } from "./hooks.ts";
import type { SchemaTaskOptions } from "./schema-task.ts";
import type { TaskOptions } from "./task-definition.ts";
import type { AnyTask, BatchHandle, Task } from "./task-handle.ts";

/** A global `onCancel` hook. */
export type AnyOnCancelHookFunction = HookFunction<"onCancel">;
/** A global `catchError` hook. */
export type AnyOnCatchErrorHookFunction = HookFunction<"catchError">;
/** A global `onComplete` hook. */
export type AnyOnCompleteHookFunction = HookFunction<"onComplete">;
/** A global `onFailure` hook. */
export type AnyOnFailureHookFunction = HookFunction<"onFailure">;
/** A global middleware. */
export type AnyOnMiddlewareHookFunction = HookFunction<"middleware">;
/** A global `onResume` hook. */
export type AnyOnResumeHookFunction = HookFunction<"onResume">;
/** A global `onStartAttempt` hook. */
export type AnyOnStartAttemptHookFunction = HookFunction<"onStartAttempt">;
/** A global `onStart` hook. */
export type AnyOnStartHookFunction = HookFunction<"onStart">;
/** A global `onSuccess` hook. */
export type AnyOnSuccessHookFunction = HookFunction<"onSuccess">;
/** A global `onWait` hook. */
export type AnyOnWaitHookFunction = HookFunction<"onWait">;
/** An `onStart` hook of a task. */
export type OnStartHookFunction<TPayload, TInit = unknown> = NonNullable<
  TaskOptions<string, TPayload, unknown, TInit>["onStart"]
>;
/** What a global `onStart` hook receives. */
export type TaskStartHookParams = HookParamsOf<"onStart">;
/** How a run ended, as `onComplete` is told. */
export type TaskCompleteResult<TOutput> =
  | Extract<HookParamsOf<"onComplete">["result"], { readonly ok: false }>
  | { readonly ok: true; readonly data: TOutput };
/** What a `catchError` hook receives. */
export type HandleErrorArgs = HookParamsOf<"catchError">;
/** The former name of a `catchError` hook. */
export type HandleErrorFunction = AnyOnCatchErrorHookFunction;

/** What `configure` takes. */
export type ApiClientConfiguration = ClientConfiguration;
/** What `runs.retrieve` gives for a task, or for the handle of a run. */
export type RetrieveRunResult<TRun> = RetrievedRun<PayloadOf<TRun>, OutputOf<TRun>>;
/** What `runs.retrieve` gives for any run. */
export type AnyRetrieveRunResult = RetrievedRun;
/** What `batchTrigger` gives. */
export type BatchRunHandle<_TId extends string, TPayload, TOutput> = BatchHandle<TPayload, TOutput>;
/** How a run that was waited for ended. */
export type TaskRunResult<TId extends string = string, TOutput = unknown> = Result<TOutput> & {
  readonly taskIdentifier: TId;
};
/** The results of a batch of one task, in the order of its items. */
export interface BatchResult<TId extends string = string, TOutput = unknown> {
  readonly id: string;
  readonly runs: readonly TaskRunResult<TId, TOutput>[];
}
/** What `idempotencyKeys.create` gives. */
export type IdempotencyKey = string;
/** A run's metadata document. */
export type RunMetadata = JsonObject;
/** What `defineConfig` takes. */
export type TriggerConfig = RunmetaConfig;

/** The one of several tasks that has this id. */
export type TaskFromIdentifier<TTask extends AnyTask, TId extends TTask["id"]> = Extract<
  TTask,
  { readonly id: TId }
>;
/** What `schemaTask` takes as its schema. */
export type TaskSchema = StandardSchema;
/** What `schemaTask` gives. */
export type TaskWithSchema<TId extends string, TSchema extends StandardSchema, TOutput = unknown> = Task<
  TId,
  SchemaInput<TSchema>,
  TOutput
>;
/** What `schemaTask` takes. */
export type TaskWithSchemaOptions<
  TId extends string,
  TSchema extends StandardSchema,
  TOutput = unknown,
  TInit = undefined,
> = SchemaTaskOptions<TId, TSchema, TOutput, TInit>;
/** What `task` takes, with a JSON schema, which is taken for compatibility and not used. */
export type TaskOptionsWithSchema<TId extends string, TOutput = unknown, TInit = undefined> = TaskOptions<
  TId,
  // biome-ignore lint/suspicious/noExplicitAny: the payload is whatever the JSON schema says
  any,
  TOutput,
  TInit
>;
/** A JSON schema. */
export type JSONSchema = Readonly<Record<string, unknown>>;
