import type { BatchItem, BatchItems, BatchOptions } from "../client/batch.ts";
import type { CallOptions } from "../client/call-options.ts";
import type { TaskRunPromise } from "../client/task-run-promise.ts";
import type { TriggerAndSubscribeOptions } from "../client/trigger.ts";
import type { TriggerOptions } from "../client/trigger-options.ts";
import { ConfigError } from "../errors.ts";
import type { HookFunction, HookKind } from "./hooks.ts";
import { type GlobalHook, processRegistry } from "./process-registry.ts";
import {
  type AnyTask,
  type BatchHandle,
  createTaskHandle,
  type RunHandle,
  type TaskBatchResult,
  type TaskIdentifier,
  type TaskOutput,
  type TaskPayload,
} from "./task-handle.ts";

/** Registers a hook for all tasks of the process: `(fn)`, or `(name, fn)` where the same name replaces an earlier one. */
interface RegisterHook<K extends HookKind> {
  (hook: HookFunction<K>): void;
  (name: string, hook: HookFunction<K>): void;
}

/* @__NO_SIDE_EFFECTS__ */
function register<K extends HookKind>(kind: K): RegisterHook<K> {
  return (nameOrHook: string | HookFunction<K>, hook?: HookFunction<K>) => {
    const name = typeof nameOrHook === "string" ? nameOrHook : undefined;
    const call = typeof nameOrHook === "string" ? hook : nameOrHook;
    if (typeof call !== "function") throw new ConfigError(`tasks.${kind} needs a function`);
    const added: GlobalHook<K> = { kind, name, call };
    const others = processRegistry.globalHooks;
    const index =
      name === undefined ? -1 : others.findIndex((other) => other.kind === kind && other.name === name);
    // Replaced as a whole: runs under way keep the list they started with.
    processRegistry.globalHooks = index < 0 ? [...others, added] : others.with(index, added);
  };
}

function handleOf<TTask extends AnyTask>(id: TaskIdentifier<TTask>) {
  return createTaskHandle<TaskIdentifier<TTask>, TaskPayload<TTask>, TaskOutput<TTask>>(id);
}

/**
 * Triggers tasks by id, so that a backend need not import their code, and registers hooks for all tasks.
 *
 * @example
 * import type { resize } from "./resize.ts";
 * await tasks.trigger<typeof resize>("resize", { url });
 */
export const tasks = {
  /** As `trigger` of the task. */
  trigger<TTask extends AnyTask>(
    id: TaskIdentifier<TTask>,
    payload: TaskPayload<TTask>,
    options?: TriggerOptions,
    call?: CallOptions,
  ): Promise<RunHandle<TaskIdentifier<TTask>, TaskPayload<TTask>, TaskOutput<TTask>>> {
    return handleOf<TTask>(id).trigger(payload, options, call);
  },

  /** As `triggerAndWait` of the task. */
  triggerAndWait<TTask extends AnyTask>(
    id: TaskIdentifier<TTask>,
    payload: TaskPayload<TTask>,
    options?: TriggerOptions,
    call?: CallOptions,
  ): TaskRunPromise<TaskOutput<TTask>> {
    return handleOf<TTask>(id).triggerAndWait(payload, options, call);
  },

  /** As `triggerAndSubscribe` of the task. */
  triggerAndSubscribe<TTask extends AnyTask>(
    id: TaskIdentifier<TTask>,
    payload: TaskPayload<TTask>,
    options?: TriggerAndSubscribeOptions,
  ): TaskRunPromise<TaskOutput<TTask>> {
    return handleOf<TTask>(id).triggerAndSubscribe(payload, options);
  },

  /** As `batchTrigger` of the task. */
  batchTrigger<TTask extends AnyTask>(
    id: TaskIdentifier<TTask>,
    items: BatchItems<BatchItem<TaskPayload<TTask>>>,
    options?: BatchOptions,
    call?: CallOptions,
  ): Promise<BatchHandle<TaskPayload<TTask>, TaskOutput<TTask>>> {
    return handleOf<TTask>(id).batchTrigger(items, options, call);
  },

  /** As `batchTriggerAndWait` of the task. */
  batchTriggerAndWait<TTask extends AnyTask>(
    id: TaskIdentifier<TTask>,
    items: BatchItems<BatchItem<TaskPayload<TTask>>>,
    options?: BatchOptions,
    call?: CallOptions,
  ): Promise<TaskBatchResult<TaskOutput<TTask>>> {
    return handleOf<TTask>(id).batchTriggerAndWait(items, options, call);
  },

  init: register("init"),
  cleanup: register("cleanup"),
  middleware: register("middleware"),
  onStart: register("onStart"),
  onStartAttempt: register("onStartAttempt"),
  onSuccess: register("onSuccess"),
  onFailure: register("onFailure"),
  onComplete: register("onComplete"),
  onCancel: register("onCancel"),
  onWait: register("onWait"),
  onResume: register("onResume"),
  catchError: register("catchError"),
  /** @deprecated the former name of `catchError` */
  handleError: register("catchError"),
} as const;
