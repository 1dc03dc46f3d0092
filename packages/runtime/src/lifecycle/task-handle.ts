import {
  type BatchItem,
  type BatchItems,
  type BatchOptions,
  batchTriggerTask,
  batchTriggerTaskAndWait,
  collectItems,
  type TriggeredBatch,
} from "../client/batch.ts";
import type { CallOptions } from "../client/call-options.ts";
import { type TaskRunPromise, type TaskRunResult, taskRunPromise } from "../client/task-run-promise.ts";
import {
  type TriggerAndSubscribeOptions,
  type TriggeredRun,
  triggerTask,
  triggerTaskAndSubscribe,
  triggerTaskAndWait,
} from "../client/trigger.ts";
import type { TriggerOptions } from "../client/trigger-options.ts";
import { processRegistry } from "./process-registry.ts";
import type { TaskDefinition } from "./task-definition.ts";

/** A run that was triggered; carries the types of its task for `runs.retrieve(handle)`. */
export interface RunHandle<TId extends string, TPayload, TOutput> extends TriggeredRun {
  readonly taskIdentifier: TId;
  /** Only a type; never there at run time. */
  readonly __types?: { readonly takes: (payload: TPayload) => void; readonly output: TOutput };
}

/** A batch that was triggered; carries the types of its task. */
export interface BatchHandle<TPayload, TOutput> extends TriggeredBatch {
  /** Only a type; never there at run time. */
  readonly __types?: { readonly takes: (payload: TPayload) => void; readonly output: TOutput };
}

/** The results of a batch, in the order of its items. */
export interface TaskBatchResult<TOutput> {
  readonly id: string;
  readonly runs: readonly TaskRunResult<TOutput>[];
}

/** A task, as other code triggers it. */
export interface Task<TId extends string, TPayload = void, TOutput = unknown> {
  readonly id: TId;
  /**
   * Triggers a run and does not wait for it. Inside a run, that run becomes its parent.
   * @throws TaskPayloadError when the task's schema refuses the payload; ConfigError when no API is configured; ApiError; MetadataValueError and MetadataSizeError before anything is sent
   */
  trigger(
    payload: TPayload,
    options?: TriggerOptions,
    call?: CallOptions,
  ): Promise<RunHandle<TId, TPayload, TOutput>>;
  /**
   * Triggers a run and waits until it has ended. A run that fails is a result with `ok: false`; `.unwrap()` gives the
   * output or throws `TaskRunFailedError`.
   *
   * @example
   * const size = await resize.triggerAndWait({ url }).unwrap();
   */
  triggerAndWait(payload: TPayload, options?: TriggerOptions, call?: CallOptions): TaskRunPromise<TOutput>;
  /**
   * As `triggerAndWait`, but the calling run goes on executing: it keeps its place, and several can be awaited at once.
   * When `signal` ends the wait, the run is cancelled, unless `cancelOnAbort` is false.
   */
  triggerAndSubscribe(payload: TPayload, options?: TriggerAndSubscribeOptions): TaskRunPromise<TOutput>;
  /** Triggers up to 1,000 runs in two requests and does not wait for them. */
  batchTrigger(
    items: BatchItems<BatchItem<TPayload>>,
    options?: BatchOptions,
    call?: CallOptions,
  ): Promise<BatchHandle<TPayload, TOutput>>;
  /** Triggers up to 1,000 runs and waits until all have ended. */
  batchTriggerAndWait(
    items: BatchItems<BatchItem<TPayload>>,
    options?: BatchOptions,
    call?: CallOptions,
  ): Promise<TaskBatchResult<TOutput>>;
}

/** Any task, for generics such as `tasks.trigger<typeof myTask>`. */
export type AnyTask = Task<string, never, unknown>;
/** The id of a task, as a literal type. */
export type TaskIdentifier<TTask extends AnyTask> =
  TTask extends Task<infer TId, never, unknown> ? TId : never;
/** What a task is triggered with; anything where no task is named (`tasks.trigger("id", payload)`). */
export type TaskPayload<TTask extends AnyTask> =
  TTask extends Task<string, infer TPayload, unknown>
    ? [TPayload] extends [never]
      ? unknown
      : TPayload
    : never;
/** What a task returns. */
export type TaskOutput<TTask extends AnyTask> =
  TTask extends Task<string, never, infer TOutput> ? TOutput : never;

/** Adds what a task's definition says about its runs before they execute; nothing where it is defined elsewhere. */
export function withDefaults(id: string, options: TriggerOptions | undefined): TriggerOptions {
  const settings = processRegistry.tasks.get(id)?.settings;
  const queue = typeof settings?.queue === "object" ? settings.queue.name : settings?.queue;
  return {
    ...options,
    ttl: options?.ttl ?? settings?.ttl ?? processRegistry.config?.ttl,
    queue: options?.queue ?? queue,
  };
}

type ParsePayload = TaskDefinition["parsePayload"];

async function itemsWithDefaults<TPayload>(
  id: string,
  items: BatchItems<BatchItem<TPayload>>,
  parsePayload: ParsePayload,
): Promise<BatchItem<TPayload>[]> {
  const collected = await collectItems(items);
  for (const { payload } of collected) await parsePayload?.(payload);
  return collected.map((item) => ({ ...item, options: withDefaults(id, item.options) }));
}

/**
 * The handle of a task by its id; the task itself may be defined in another process.
 * @param parsePayload refuses a payload before its run is triggered. The run gets it as it was given, and parses it: a
 * schema that converts may not take what it gave.
 */
export function createTaskHandle<TId extends string, TPayload, TOutput>(
  id: TId,
  parsePayload?: ParsePayload,
): Task<TId, TPayload, TOutput> {
  const checked = (payload: TPayload, run: () => TaskRunPromise<TOutput>) =>
    parsePayload === undefined ? run() : taskRunPromise(parsePayload(payload).then(run), id);
  return {
    id,
    trigger: async (payload, options, call) => {
      await parsePayload?.(payload);
      return { ...(await triggerTask(id, payload, withDefaults(id, options), call)), taskIdentifier: id };
    },
    triggerAndWait: (payload, options, call) =>
      checked(payload, () => triggerTaskAndWait<TOutput>(id, payload, withDefaults(id, options), call)),
    triggerAndSubscribe: (payload, options) =>
      checked(payload, () => triggerTaskAndSubscribe<TOutput>(id, payload, withDefaults(id, options))),
    batchTrigger: async (items, options, call) =>
      batchTriggerTask(id, await itemsWithDefaults(id, items, parsePayload), options, call),
    batchTriggerAndWait: async (items, options, call) =>
      batchTriggerTaskAndWait<TOutput>(id, await itemsWithDefaults(id, items, parsePayload), options, call),
  };
}
