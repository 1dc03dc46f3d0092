import { decodePacket, encodePacket, type Packet } from "../client/packet.ts";
import type { Clock, Timer } from "../clock.ts";
import type { TaskWait } from "../context/while-waiting.ts";
import {
  type CompleteTaskWithOutput,
  HookTimeoutError,
  isRunmetaError,
  TaskOutputError,
  TaskPayloadError,
} from "../errors.ts";
import type { AttemptAbort } from "./attempt-abort.ts";
import {
  type CatchErrorDecision,
  effectiveRetry,
  finalErrorReason,
  type GiveUpReason,
  nextAttempt,
} from "./attempt-policy.ts";
import { collectHooks, type HookSources } from "./collect-hooks.ts";
import type { HookRunner } from "./hook-runner.ts";
import type { BoundHook, CompletionResult, HookCall, HookKind, HookParamsOf } from "./hooks.ts";
import { mergeInit } from "./merge-init.ts";
import { runMiddlewares } from "./middleware-chain.ts";
import type { RetryOptions } from "./retry-options.ts";
import type { TaskRunContext } from "./task-context.ts";
import type { TaskDefinition } from "./task-definition.ts";

/**
 * How long an attempt that was told to stop may go on, in milliseconds: enough for code that minds its `signal` to
 * write what it has to say; code that does not mind it is left behind.
 */
const ABORT_GRACE_MS = 1_000;

/** What one attempt is made of. */
export interface AttemptParts {
  readonly task: TaskDefinition;
  readonly payload: Packet;
  readonly ctx: TaskRunContext;
  readonly sources: HookSources;
  readonly hooks: HookRunner;
  readonly abort: AttemptAbort;
  readonly clock: Clock;
  readonly retry: RetryOptions | undefined;
  /** Given when the run was triggered. */
  readonly maxAttempts: number | undefined;
  readonly retriesEnabled: boolean;
  readonly random: () => number;
  /** Told of each hook before it is called. */
  readonly onHook: ((call: HookCall) => void) | undefined;
}

/** How the hooks and the body of an attempt ended. */
export type AttemptEnd =
  | { readonly kind: "completed"; readonly output: Packet; readonly value: unknown }
  | {
      readonly kind: "failed";
      /** Exactly what was thrown, or what `catchError` put in its place. */
      readonly thrown: unknown;
      /** Milliseconds until the next attempt; undefined: the run has failed. */
      readonly retryAfterMs: number | undefined;
      /** Why there is no next attempt. */
      readonly reason: GiveUpReason | undefined;
      readonly timedOut: boolean;
    }
  | { readonly kind: "cancelled" };

type BodyEnd =
  | { readonly ok: true; readonly output: Packet; readonly value: unknown }
  | { readonly ok: false; readonly thrown: unknown };

/** `CompleteTaskWithOutput` of any copy of this package. */
function isCompletion(thrown: unknown): thrown is CompleteTaskWithOutput {
  return isRunmetaError(thrown) && thrown.code === "RUNMETA_TASK_COMPLETED";
}

/** Resolves when `promise` has settled, either way, or the time is up. */
async function settledWithin(promise: Promise<unknown>, timeoutMs: number, clock: Clock): Promise<void> {
  let timer: Timer | undefined;
  const timeUp = new Promise<void>((resolve) => {
    timer = clock.setTimer(resolve, timeoutMs, { keepAlive: true, deadline: true });
  });
  await Promise.race([promise.catch(() => {}), timeUp]);
  timer?.cancel();
}

/**
 * One attempt inside its run's context: payload, middleware, hooks, body, and the decision about a retry. It opens and
 * closes nothing; whoever calls it does.
 */
export class AttemptLifecycle {
  readonly #parts: AttemptParts;
  #payload: unknown;
  #init: unknown;
  #sources: HookSources;
  /** A middleware that fails after a successful body fails the attempt, but neither of these is called twice. */
  #announced = false;
  #cleaned = false;

  constructor(parts: AttemptParts) {
    this.#parts = parts;
    this.#sources = parts.sources;
  }

  /** Never rejects. */
  async run(): Promise<AttemptEnd> {
    const { abort, hooks, clock } = this.#parts;
    if (abort.kind !== undefined) return { kind: "cancelled" };
    try {
      this.#payload = await this.#readPayload();
    } catch (thrown) {
      // The task's own hooks are typed for a payload that could be read.
      this.#sources = { ...this.#sources, task: {} };
      return this.#fail(thrown);
    }
    const { inner, problem } = await runMiddlewares({
      middlewares: this.#collect("middleware"),
      params: this.#params(),
      clock,
      timeoutMs: hooks.timeoutMs,
      stopped: abort.happened,
      body: () => this.#inner(),
    });
    if (problem === undefined && inner !== undefined) return inner;
    if (inner === undefined && abort.kind !== undefined) return this.#stopped(undefined);
    if (inner === undefined) return this.#fail(problem?.error);
    // A middleware that fails afterwards may have failed to commit; one that only hangs takes nothing back.
    const hung = problem?.error instanceof HookTimeoutError;
    if (inner.kind === "completed" && !hung) return this.#fail(problem?.error);
    hooks.report("middleware", problem?.error);
    return inner;
  }

  /** Tells the hooks that the run waits; see `context/while-waiting.ts`. */
  async announceWait(kind: "onWait" | "onResume", wait: TaskWait): Promise<void> {
    await this.#parts.hooks.callEach(this.#collect(kind), { ...this.#initialized(), wait });
  }

  async #inner(): Promise<AttemptEnd> {
    const { abort } = this.#parts;
    if (abort.kind !== undefined) return this.#stopped(undefined);
    const runPromise = this.#body();
    const ended: Promise<BodyEnd> = this.#encode(runPromise);
    await Promise.race([ended, abort.happened]);
    if (abort.kind !== undefined) return this.#stopped(runPromise);
    // The body is done: from here on neither a cancel nor the clock changes how it ended.
    abort.dispose();
    const end = await ended;
    return end.ok ? this.#succeed(end.output, end.value) : this.#fail(end.thrown);
  }

  /** init, onStart, onStartAttempt and `run`; the first error ends it. */
  async #body(): Promise<unknown> {
    const { task, ctx, hooks, abort } = this.#parts;
    this.#init = mergeInit(await hooks.callAll(this.#collect("init"), this.#params()));
    if (ctx.attempt.number === 1) await hooks.callAll(this.#collect("onStart"), this.#initialized());
    await hooks.callAll(this.#collect("onStartAttempt"), this.#initialized());
    abort.signal.throwIfAborted();
    return task.run(this.#payload, { ctx, signal: abort.signal, init: this.#init });
  }

  async #encode(body: Promise<unknown>): Promise<BodyEnd> {
    let value: unknown;
    try {
      value = await body;
    } catch (thrown) {
      if (!isCompletion(thrown)) return { ok: false, thrown };
      value = thrown.output;
    }
    try {
      return { ok: true, output: await encodePacket(value), value };
    } catch (cause) {
      return { ok: false, thrown: new TaskOutputError(this.#parts.task.id, { cause }) };
    }
  }

  /** The run was cancelled or its time is up, before or during its body. */
  async #stopped(runPromise: Promise<unknown> | undefined): Promise<AttemptEnd> {
    const { abort, hooks, clock } = this.#parts;
    const body = runPromise ?? Promise.reject(abort.signal.reason);
    body.catch(() => {});
    if (abort.kind === "cancelled") {
      await hooks.callEach(this.#collect("onCancel"), { ...this.#initialized(), runPromise: body });
    }
    await settledWithin(body, ABORT_GRACE_MS, clock);
    if (abort.kind === "timed-out") return this.#fail(abort.signal.reason);
    await this.#cleanup();
    return { kind: "cancelled" };
  }

  async #succeed(output: Packet, value: unknown): Promise<AttemptEnd> {
    const { hooks } = this.#parts;
    await hooks.callEach(this.#collect("onSuccess"), { ...this.#initialized(), output: value });
    await this.#complete({ ok: true, data: value });
    await this.#cleanup();
    return { kind: "completed", output, value };
  }

  async #fail(thrown: unknown): Promise<AttemptEnd> {
    const { hooks, abort, ctx, retry, maxAttempts, retriesEnabled, clock, random } = this.#parts;
    const failed = { error: thrown, attempt: ctx.attempt.number, retry, maxAttempts, retriesEnabled, random };
    const decision =
      retriesEnabled && finalErrorReason(thrown) === undefined ? await this.#catchError(failed) : undefined;
    const error = decision?.error ?? thrown;
    const next = nextAttempt({ ...failed, error, decision, wallTime: clock.wallTime() });
    const reason = "giveUp" in next ? next.giveUp : undefined;
    if (reason !== undefined) {
      const params = { ...this.#initialized(), error };
      await hooks.callEach(this.#collect("onFailure"), params);
      await this.#complete({ ok: false, error });
    }
    await this.#cleanup();
    return {
      kind: "failed",
      thrown: error,
      retryAfterMs: "retryAfterMs" in next ? next.retryAfterMs : undefined,
      reason,
      timedOut: abort.kind === "timed-out",
    };
  }

  async #catchError(failed: {
    readonly error: unknown;
    readonly attempt: number;
    readonly retry: RetryOptions | undefined;
    readonly maxAttempts: number | undefined;
    readonly random: () => number;
  }): Promise<CatchErrorDecision | undefined> {
    const { clock, hooks } = this.#parts;
    const asked = this.#collect("catchError").reverse();
    if (asked.length === 0) return undefined;
    const wallTime = clock.wallTime();
    const usual = nextAttempt({ ...failed, wallTime });
    const delayMs = "retryAfterMs" in usual ? usual.retryAfterMs : undefined;
    const answer = await hooks.ask(asked, {
      ...this.#initialized(),
      error: failed.error,
      retry: effectiveRetry(failed.retry, failed.maxAttempts),
      retryDelayInMs: delayMs,
      retryAt: delayMs === undefined ? undefined : new Date(wallTime + delayMs),
    });
    return typeof answer === "object" && answer !== null ? answer : undefined;
  }

  async #complete(result: CompletionResult<unknown>): Promise<void> {
    if (this.#announced) return;
    this.#announced = true;
    await this.#parts.hooks.callEach(this.#collect("onComplete"), { ...this.#initialized(), result });
  }

  async #cleanup(): Promise<void> {
    if (this.#cleaned) return;
    this.#cleaned = true;
    await this.#parts.hooks.callEach(this.#collect("cleanup"), this.#initialized());
  }

  async #readPayload(): Promise<unknown> {
    const { task, payload } = this.#parts;
    let decoded: unknown;
    try {
      decoded = await decodePacket(payload);
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : String(cause);
      throw new TaskPayloadError(`The payload of task "${task.id}" cannot be read: ${problem}`, [], {
        cause,
      });
    }
    // Hooks of the config see the payload as it came when it does not match.
    this.#payload = decoded;
    return task.parsePayload === undefined ? decoded : task.parsePayload(decoded);
  }

  #collect<K extends HookKind>(kind: K): BoundHook<K>[] {
    const hooks = collectHooks(kind, this.#sources);
    const { onHook } = this.#parts;
    if (onHook === undefined) return hooks;
    return hooks.map((hook) => ({
      ...hook,
      call: (params: HookParamsOf<K>) => {
        onHook({ hook: kind, source: hook.source });
        return hook.call(params);
      },
    }));
  }

  #params() {
    const { task, ctx, abort } = this.#parts;
    return { payload: this.#payload, ctx, task: task.id, signal: abort.signal };
  }

  #initialized() {
    return { ...this.#params(), init: this.#init };
  }
}
