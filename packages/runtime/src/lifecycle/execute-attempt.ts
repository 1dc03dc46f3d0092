import type { ApiClient } from "../client/api-client.ts";
import { apiClientKey } from "../client/configure.ts";
import type { Packet } from "../client/packet.ts";
import { type Clock, systemClock } from "../clock.ts";
import { type TaskWait, type WaitListener, waitListenerKey } from "../context/while-waiting.ts";
import { type MetadataOptions, resolveMetadataOptions } from "../options.ts";
import type { FlushStats } from "../store/ledger.ts";
import type { Target } from "../target/target.ts";
import { AttemptAbort } from "./attempt-abort.ts";
import { type AttemptEnd, AttemptLifecycle } from "./attempt-lifecycle.ts";
import { effectiveRetry, type GiveUpReason } from "./attempt-policy.ts";
import type { RunmetaConfig } from "./config.ts";
import { describeError, type ErrorDescription } from "./describe-error.ts";
import { HookRunner } from "./hook-runner.ts";
import type { HookCall } from "./hooks.ts";
import type { WriteListener } from "./observe-writes.ts";
import { type OpenRun, openRun } from "./open-run.ts";
import { processRegistry } from "./process-registry.ts";
import { replayAtStart } from "./replay-at-start.ts";
import { hookFailureReporter } from "./report-hook-failure.ts";
import { createTaskContext, type RunDescription } from "./task-context.ts";
import type { TaskDefinition } from "./task-definition.ts";
import { currentConfig } from "./use-config.ts";

/** What one attempt of a run needs; given by engines. */
export interface ExecuteAttemptOptions {
  readonly task: TaskDefinition;
  readonly run: RunDescription;
  /** What the task's own API calls use (`otherTask.trigger`, `runs.retrieve`). @default the process's */
  readonly client?: ApiClient | undefined;
  /** Where the run's document is kept. */
  readonly target: Target;
  /** @default the system's */
  readonly clock?: Clock | undefined;
  /** Cancels the run when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Stops the attempt when it is aborted, without ending the run: the process has to go, and another attempt follows.
   * As with `signal` the outcome is `cancelled`, but `onCancel` is not called.
   */
  readonly interrupt?: AbortSignal | undefined;
  /** Wins over the task's and the config's. */
  readonly metadataOptions?: MetadataOptions | undefined;
  /** @default the process's (`useConfig`) */
  readonly config?: RunmetaConfig | undefined;
  /** Values kept for the time of the attempt. */
  readonly attachments?: Map<symbol, unknown> | undefined;
  /** How long one hook may take, in milliseconds. @default 60000 */
  readonly hookTimeoutMs?: number | undefined;
  /** 0 to 1, for the spread of retries, of the run and of its requests. @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Told of each hook before it is called; must not throw. */
  readonly onHook?: ((call: HookCall) => void) | undefined;
  /** Told of each accepted write of this attempt, inside the call that made it; must not throw. */
  readonly onWrite?: WriteListener | undefined;
  /** Called when the run starts to wait: its place may be given to another run, the one it waits for perhaps. */
  readonly onWait?: ((wait: TaskWait) => void | Promise<void>) | undefined;
  /** Called when the wait is over; the run goes on when it has resolved. */
  readonly onResume?: ((wait: TaskWait) => void | Promise<void>) | undefined;
}

/** What became of the attempt's metadata. */
export interface AttemptDelivery {
  /** Every accepted write is stored, or was dropped by name. */
  readonly flushed: boolean;
  /** Writes that the process still tries to deliver. */
  readonly pending: number;
  readonly stats: FlushStats;
}

/** How an attempt ended. */
export type AttemptOutcome = AttemptDelivery &
  (
    | {
        readonly kind: "completed";
        readonly output: Packet;
        /** What the task returned, for callers in this process. */
        readonly value: unknown;
      }
    | {
        readonly kind: "failed";
        readonly error: ErrorDescription;
        /** Exactly what was thrown, for callers in this process. */
        readonly thrown: unknown;
        /** Milliseconds until the next attempt; undefined: the run has failed. */
        readonly retryAfterMs: number | undefined;
        /** Why there is no next attempt. */
        readonly reason: GiveUpReason | undefined;
        /** The run exceeded its `maxDuration`: TIMED_OUT instead of FAILED. */
        readonly timedOut: boolean;
      }
    | { readonly kind: "cancelled" }
  );

function waitListener(options: ExecuteAttemptOptions, lifecycle: AttemptLifecycle): WaitListener {
  return {
    async onWait(wait) {
      await lifecycle.announceWait("onWait", wait);
      await options.onWait?.(wait);
    },
    async onResume(wait) {
      await options.onResume?.(wait);
      await lifecycle.announceWait("onResume", wait);
    },
  };
}

async function runInside(
  opened: OpenRun,
  lifecycle: AttemptLifecycle,
  resetTo: RunDescription["metadata"] | undefined,
): Promise<AttemptEnd> {
  try {
    return await opened.run(() => {
      if (resetTo !== undefined) opened.scope.store.replace(resetTo);
      return lifecycle.run();
    });
  } catch (thrown) {
    // The document to reset to no longer fits its limit, or a seam is broken; the run must be closed all the same.
    return { kind: "failed", thrown, retryAfterMs: undefined, reason: undefined, timedOut: false };
  }
}

function describeEnd(end: AttemptEnd, delivery: AttemptDelivery): AttemptOutcome {
  return end.kind === "failed"
    ? { ...end, error: describeError(end.thrown), ...delivery }
    : { ...end, ...delivery };
}

/**
 * Executes one attempt of a run: opens the run, reads the payload, calls hooks and body, delivers the metadata, and
 * decides about a retry. What the task does wrong is an outcome, never an exception; a cancelled or slow endpoint
 * delays the end by `drainTimeoutMs` at most.
 *
 * @throws ConfigError for options that are out of range
 */
export async function executeAttempt(options: ExecuteAttemptOptions): Promise<AttemptOutcome> {
  const { task, run } = options;
  const clock = options.clock ?? systemClock;
  const config = options.config ?? currentConfig();
  const metadataOptions = resolveMetadataOptions(
    config?.metadata,
    task.settings.metadata,
    options.metadataOptions,
  );
  const retry = task.settings.retry ?? config?.retries?.default;
  const maxDuration = run.maxDuration ?? task.settings.maxDuration ?? config?.maxDuration;
  const maxAttempts = effectiveRetry(retry, run.maxAttempts)?.maxAttempts;
  const ctx = createTaskContext(
    run,
    { id: task.id, maxAttempts, maxDuration },
    config?.project ?? "proj_local",
    clock.wallTime(),
  );

  const abort = new AttemptAbort({
    runId: run.id,
    clock,
    signal: options.signal,
    interrupt: options.interrupt,
    maxDuration,
  });
  const hooks = new HookRunner({
    clock,
    timeoutMs: options.hookTimeoutMs,
    report: hookFailureReporter(run.id, metadataOptions.onWarning),
  });
  const lifecycle = new AttemptLifecycle({
    task,
    payload: run.payload,
    ctx,
    sources: { config, global: processRegistry.globalHooks, task: task.hooks },
    hooks,
    abort,
    clock,
    retry,
    maxAttempts: run.maxAttempts,
    retriesEnabled: ctx.environment.type !== "DEVELOPMENT" || config?.retries?.enabledInDev !== false,
    random: options.random ?? Math.random,
    onHook: options.onHook,
  });
  const attachments = new Map(options.attachments);
  attachments.set(waitListenerKey, waitListener(options, lifecycle));
  if (options.client !== undefined) attachments.set(apiClientKey, options.client);

  const spool =
    options.client === undefined
      ? undefined
      : await replayAtStart(run.id, metadataOptions.spoolDirectory, options.client, clock);
  try {
    const opened = openRun({
      id: run.id,
      task: task.id,
      attempt: run.attempt,
      ...(run.parentId === undefined ? {} : { parentId: run.parentId }),
      ...(run.rootId === undefined ? {} : { rootId: run.rootId }),
      tags: run.tags ?? [],
      metadata: run.metadata,
      target: options.target,
      options: metadataOptions,
      clock,
      signal: abort.signal,
      attachments,
      random: options.random,
      onWrite: options.onWrite,
    });
    if (spool?.problem !== undefined) opened.scope.warn("SPOOL", spool.problem);
    if (spool?.changed === true) await opened.scope.flusher.refresh();
    const resets = run.attempt > 1 && metadataOptions.onRetry === "reset";
    const end = await runInside(opened, lifecycle, resets ? (run.initialMetadata ?? {}) : undefined);
    const drained = await opened.close();
    return describeEnd(end, { ...drained, stats: opened.scope.flusher.stats() });
  } finally {
    abort.dispose();
  }
}
