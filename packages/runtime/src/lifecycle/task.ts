import { ConfigError } from "../errors.ts";
import type { DefinedTask } from "./defined-task.ts";
import type { AnyTaskHooks, HookKind } from "./hooks.ts";
import { processRegistry } from "./process-registry.ts";
import { resolveRetryOptions } from "./retry-options.ts";
import type { RunParams, TaskDefinition, TaskOptions, TaskSettings } from "./task-definition.ts";
import { createTaskHandle } from "./task-handle.ts";

/** Every kind of hook; a record, so that a new kind does not compile until it is here. */
const HOOK_KINDS: Readonly<Record<HookKind, true>> = {
  middleware: true,
  init: true,
  cleanup: true,
  onStart: true,
  onStartAttempt: true,
  onSuccess: true,
  onFailure: true,
  onComplete: true,
  onCancel: true,
  catchError: true,
  onWait: true,
  onResume: true,
};

function hooksOf(options: object): AnyTaskHooks {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(HOOK_KINDS, name)));
}

/** Registers a task under its id; a later definition of the same id takes its place, as a reload does. */
export function defineTask<TId extends string, TPayload, TOutput, TInit>(
  options: TaskOptions<TId, TPayload, TOutput, TInit>,
  parsePayload: TaskDefinition["parsePayload"],
): DefinedTask<TId, TPayload, TOutput> {
  const { id, run } = options;
  if (typeof id !== "string" || id === "")
    throw new ConfigError(`task: id must be a non-empty string, got ${String(id)}`);
  if (typeof run !== "function")
    throw new ConfigError(`task "${id}": run must be a function, got ${typeof run}`);
  const { maxDuration } = options;
  if (maxDuration !== undefined && !(typeof maxDuration === "number" && maxDuration > 0)) {
    throw new ConfigError(
      `task "${id}": maxDuration must be a number of seconds greater than 0, got ${String(maxDuration)}`,
    );
  }
  resolveRetryOptions(options.retry);
  const settings: TaskSettings = options;
  processRegistry.tasks.set(id, {
    id,
    settings,
    hooks: hooksOf({ ...options, catchError: options.catchError ?? options.handleError }),
    parsePayload,
    // The registry keeps tasks of all types; an engine hands each the payload that was triggered for it.
    run: (payload, params) => run(payload as TPayload, params as RunParams<TInit>),
  });
  return createTaskHandle<TId, TPayload, TOutput>(id, parsePayload) as DefinedTask<TId, TPayload, TOutput>;
}

/**
 * Defines a task: a function that runs in the background, with hooks, retries and metadata of its own.
 *
 * @throws ConfigError for a missing id or run, or an option out of range
 * @example
 * export const resize = task({
 *   id: "resize",
 *   retry: { maxAttempts: 3 },
 *   run: async (payload: { url: string }, { ctx, signal }) => {
 *     metadata.set("step", "download");
 *     const image = await fetch(payload.url, { signal });
 *     return { bytes: (await image.arrayBuffer()).byteLength };
 *   },
 * });
 */
export function task<TId extends string, TPayload = void, TOutput = unknown, TInit = undefined>(
  options: TaskOptions<TId, TPayload, TOutput, TInit>,
): DefinedTask<TId, TPayload, TOutput> {
  return defineTask(options, undefined);
}
