import { currentScope } from "../context/context-storage.ts";
import { whileWaiting } from "../context/while-waiting.ts";
import { type CallOptions, withCallOptions } from "./call-options.ts";
import { requireApiClient } from "./configure.ts";
import { pathSegment } from "./path-segment.ts";
import { replyField, replyString } from "./reply-field.ts";
import { type TaskRunPromise, taskRunPromise } from "./task-run-promise.ts";
import { triggerBody } from "./trigger-body.ts";
import type { TriggerOptions } from "./trigger-options.ts";
import { waitForRun } from "./wait-for-run.ts";

/** A run that was triggered. */
export interface TriggeredRun {
  readonly id: string;
  readonly taskIdentifier: string;
  /** True when an idempotency key gave a run that was there before. */
  readonly isCached: boolean;
  /** A token that may read this run, when the server gives one. */
  readonly publicAccessToken?: string;
}

/** Options of `triggerAndSubscribe`. */
export interface TriggerAndSubscribeOptions extends TriggerOptions {
  /** Ends the wait; the promise rejects with its reason. @default the current run's signal */
  readonly signal?: AbortSignal | undefined;
  /** Whether the run is cancelled when the wait ends early. @default true */
  readonly cancelOnAbort?: boolean | undefined;
}

async function trigger(
  taskId: string,
  payload: unknown,
  options: TriggerOptions,
  wait: { readonly resumeParentOnCompletion: boolean; readonly signal: AbortSignal | undefined },
): Promise<TriggeredRun> {
  const path = `/api/v1/tasks/${pathSegment("the task's id", taskId)}/trigger`;
  const body = await triggerBody(payload, options, wait);
  const reply = await requireApiClient().send("POST", path, { body, signal: wait.signal });
  const token = reply.headers.get("x-trigger-jwt");
  return {
    id: replyString(`POST ${path}`, reply, "id"),
    taskIdentifier: taskId,
    isCached: replyField(reply, "isCached") === true,
    ...(token === null ? {} : { publicAccessToken: token }),
  };
}

/**
 * Triggers a run of a task. Inside a run, that run becomes its parent.
 * A request that is sent again after a fault triggers nothing twice: it carries the same key.
 * @throws MetadataValueError, MetadataSizeError, PacketError before anything is sent; ConfigError; ApiError
 */
export async function triggerTask(
  taskId: string,
  payload: unknown,
  options: TriggerOptions = {},
  call: CallOptions = {},
): Promise<TriggeredRun> {
  const wait = { resumeParentOnCompletion: false, signal: call.signal };
  return withCallOptions(call, () => trigger(taskId, payload, options, wait));
}

/**
 * Triggers a run and waits for its end. The promise has `unwrap()`, which gives the output or throws TaskRunFailedError.
 * A failed run is a result, not an exception.
 * @throws as {@link triggerTask}, and the reason of `signal` (by default the current run's) when it is aborted
 */
export function triggerTaskAndWait<Output = unknown>(
  taskId: string,
  payload: unknown,
  options: TriggerOptions = {},
  call: CallOptions = {},
): TaskRunPromise<Output> {
  const ended = async () => {
    const run = await trigger(taskId, payload, options, {
      resumeParentOnCompletion: true,
      signal: call.signal,
    });
    const wait = { type: "task", runId: run.id } as const;
    const result = await whileWaiting(wait, () => waitForRun<Output>(run.id, { signal: call.signal }));
    return { ...result, taskIdentifier: taskId };
  };
  return taskRunPromise(withCallOptions(call, ended), taskId);
}

/**
 * As {@link triggerTaskAndWait}, but the calling run counts as executing meanwhile: it keeps its place and no `onWait`
 * hook is called. Several can be awaited at once.
 */
export function triggerTaskAndSubscribe<Output = unknown>(
  taskId: string,
  payload: unknown,
  options: TriggerAndSubscribeOptions = {},
): TaskRunPromise<Output> {
  const { signal = currentScope()?.signal, cancelOnAbort = true, ...rest } = options;
  const ended = async () => {
    signal?.throwIfAborted();
    // A request that was cut off may have triggered a run all the same: what is to be cancelled has to be known.
    const run = await trigger(taskId, payload, rest, {
      resumeParentOnCompletion: false,
      signal: cancelOnAbort ? undefined : signal,
    });
    try {
      return { ...(await waitForRun<Output>(run.id, { signal })), taskIdentifier: taskId };
    } catch (error) {
      const path = `/api/v2/runs/${pathSegment("the run's id", run.id)}/cancel`;
      // What ended the wait is what the caller has to know.
      if (signal?.aborted && cancelOnAbort)
        await requireApiClient()
          .send("POST", path)
          .catch(() => undefined);
      throw error;
    }
  };
  return taskRunPromise(ended(), taskId);
}
