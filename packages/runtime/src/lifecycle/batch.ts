import {
  type BatchItems,
  type BatchOptions,
  batchTrigger,
  batchTriggerAndWait,
  collectItems,
} from "../client/batch.ts";
import type { CallOptions } from "../client/call-options.ts";
import { type RetrievedBatch, retrieveBatchById } from "../client/retrieve-batch.ts";
import type { TaskRunResult } from "../client/task-run-promise.ts";
import type { TriggerOptions } from "../client/trigger-options.ts";
import { processRegistry } from "./process-registry.ts";
import {
  type AnyTask,
  type BatchHandle,
  type TaskIdentifier,
  type TaskOutput,
  type TaskPayload,
  withDefaults,
} from "./task-handle.ts";

/** One run of a batch, by the id of its task; for a union of tasks, each id with its own payload. */
export type BatchByIdItem<TTask extends AnyTask> = TTask extends AnyTask
  ? {
      readonly id: TaskIdentifier<TTask>;
      readonly payload: TaskPayload<TTask>;
      readonly options?: TriggerOptions | undefined;
    }
  : never;

/** One run of a batch, by its task. */
export interface BatchByTaskItem<TTask extends AnyTask> {
  readonly task: TTask;
  readonly payload: TaskPayload<TTask>;
  readonly options?: TriggerOptions | undefined;
}

/** How a run of a task ended, told from those of other tasks by `taskIdentifier`. */
export type ResultOf<TTask extends AnyTask> = TTask extends AnyTask
  ? TaskRunResult<TaskOutput<TTask>> & { readonly taskIdentifier: TaskIdentifier<TTask> }
  : never;

/** The results of a batch of several tasks, in the order of its items. */
export interface BatchByIdResult<TTask extends AnyTask> {
  readonly id: string;
  readonly runs: readonly ResultOf<TTask>[];
}

/** The results of a batch, each of the type of the task that stands in its place. */
export interface BatchByTaskResult<TTasks extends readonly AnyTask[]> {
  readonly id: string;
  readonly runs: { readonly [K in keyof TTasks]: ResultOf<TTasks[K]> };
}

type ByTaskItems<TTasks extends readonly AnyTask[]> = {
  readonly [K in keyof TTasks]: BatchByTaskItem<TTasks[K]>;
};

interface AnyItem {
  readonly payload: unknown;
  readonly options?: TriggerOptions | undefined;
}

async function byId(items: BatchItems<AnyItem & { readonly id: string }>) {
  const collected = await collectItems(items);
  for (const { id, payload } of collected) await processRegistry.tasks.get(id)?.parsePayload?.(payload);
  return collected.map(({ id, payload, options }) => ({
    task: id,
    payload,
    options: withDefaults(id, options),
  }));
}

function byTask(items: readonly (AnyItem & { readonly task: { readonly id: string } })[]) {
  return byId(items.map(({ task, payload, options }) => ({ id: task.id, payload, options })));
}

/**
 * Batches of up to 1,000 runs of different tasks; `myTask.batchTrigger` is for runs of one. All items are checked
 * before anything is sent, by the schema of their task too where it is defined in this process. Calls throw ConfigError for
 * an empty batch or too many items, TaskPayloadError, and ApiError.
 */
export const batch = {
  /**
   * Triggers runs of tasks by their ids.
   *
   * @example
   * await batch.trigger<typeof resize | typeof mail>([
   *   { id: "resize", payload: { url } },
   *   { id: "mail", payload: { to } },
   * ]);
   */
  async trigger<TTask extends AnyTask>(
    items: BatchItems<BatchByIdItem<TTask>>,
    options?: BatchOptions,
    call?: CallOptions,
  ): Promise<BatchHandle<TaskPayload<TTask>, TaskOutput<TTask>>> {
    return batchTrigger(await byId(items), options, call);
  },

  /** As `trigger`, and waits until all runs have ended. Failed runs are results, not exceptions. */
  async triggerAndWait<TTask extends AnyTask>(
    items: BatchItems<BatchByIdItem<TTask>>,
    options?: BatchOptions,
    call?: CallOptions,
  ): Promise<BatchByIdResult<TTask>> {
    // The results stand in the order of the items, whose ids and outputs the caller has named.
    return (await batchTriggerAndWait(await byId(items), options, call)) as BatchByIdResult<TTask>;
  },

  /**
   * Triggers runs of tasks that are at hand.
   *
   * @example
   * await batch.triggerByTask([{ task: resize, payload: { url } }, { task: mail, payload: { to } }]);
   */
  async triggerByTask<TTasks extends readonly AnyTask[]>(
    items: ByTaskItems<TTasks>,
    options?: BatchOptions,
    call?: CallOptions,
  ): Promise<BatchHandle<TaskPayload<TTasks[number]>, TaskOutput<TTasks[number]>>> {
    return batchTrigger(await byTask(items), options, call);
  },

  /** As `triggerByTask`, and waits until all runs have ended. */
  async triggerByTaskAndWait<TTasks extends readonly AnyTask[]>(
    items: ByTaskItems<TTasks>,
    options?: BatchOptions,
    call?: CallOptions,
  ): Promise<BatchByTaskResult<TTasks>> {
    // As above.
    return (await batchTriggerAndWait(
      await byTask(items),
      options,
      call,
    )) as unknown as BatchByTaskResult<TTasks>;
  },

  /** A batch as it is now, with the ids of its runs. */
  retrieve(batchId: string, call?: CallOptions): Promise<RetrievedBatch> {
    return retrieveBatchById(batchId, call);
  },
} as const;
