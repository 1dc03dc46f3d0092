import type { TaskWait } from "../context/while-waiting.ts";
import type { CatchErrorDecision } from "./attempt-policy.ts";
import type { RetryOptions } from "./retry-options.ts";
import type { TaskRunContext } from "./task-context.ts";

/** What every hook receives. */
export interface HookParams<TPayload> {
  readonly payload: TPayload;
  readonly ctx: TaskRunContext;
  /** The id of the task. */
  readonly task: string;
  /** Aborted when the run is cancelled or exceeds its `maxDuration`. */
  readonly signal: AbortSignal;
}

/** Also carries what `init` gave; undefined when there is no `init`, or it failed. */
export interface InitializedHookParams<TPayload, TInit> extends HookParams<TPayload> {
  readonly init?: TInit | undefined;
}

export interface MiddlewareParams<TPayload> extends HookParams<TPayload> {
  /** Goes on to the next middleware, then the hooks and `run`. Resolves when they are done, also when they failed. */
  readonly next: () => Promise<void>;
}

export interface SuccessHookParams<TPayload, TOutput, TInit> extends InitializedHookParams<TPayload, TInit> {
  readonly output: TOutput;
}

export interface FailureHookParams<TPayload, TInit> extends InitializedHookParams<TPayload, TInit> {
  readonly error: unknown;
}

/** How a run ended. */
export type CompletionResult<TOutput> =
  | { readonly ok: true; readonly data: TOutput }
  | { readonly ok: false; readonly error: unknown };

export interface CompleteHookParams<TPayload, TOutput, TInit> extends InitializedHookParams<TPayload, TInit> {
  readonly result: CompletionResult<TOutput>;
}

export interface CancelHookParams<TPayload, TOutput, TInit> extends InitializedHookParams<TPayload, TInit> {
  /** Settles when `run` does, which has been told by its `signal`. */
  readonly runPromise: Promise<TOutput>;
}

export interface CatchErrorHookParams<TPayload, TInit> extends FailureHookParams<TPayload, TInit> {
  /** The retry options that hold for the run, if any. */
  readonly retry?: RetryOptions | undefined;
  /** When the next attempt would start; undefined when there would be none. */
  readonly retryAt?: Date | undefined;
  readonly retryDelayInMs?: number | undefined;
}

export interface WaitHookParams<TPayload, TInit> extends InitializedHookParams<TPayload, TInit> {
  readonly wait: TaskWait;
}

type MaybePromise<T> = T | Promise<T>;
// biome-ignore lint/suspicious/noConfusingVoidType: a hook without a return statement is void, one with a bare return undefined
type Nothing = void | undefined;

/**
 * The hooks of a task. Those of the config run first, then the global ones (`tasks.onStart(…)`), then the task's own;
 * all share the run's context, so `metadata` is the same document in each of them and in `run`. Each is cut after
 * 60 seconds.
 */
export interface TaskHooks<TPayload, TOutput, TInit> {
  /** Wraps the hooks and `run` of each attempt. */
  readonly middleware?: ((params: MiddlewareParams<TPayload>) => MaybePromise<Nothing>) | undefined;
  /** Before everything else of an attempt; what it returns is `init` in the others. Its error fails the attempt. */
  readonly init?: ((params: HookParams<TPayload>) => MaybePromise<TInit>) | undefined;
  /** After everything else of an attempt, however it ended. Its error is reported, no more. */
  readonly cleanup?: ((params: InitializedHookParams<TPayload, TInit>) => MaybePromise<Nothing>) | undefined;
  /** Once a run, before `run` in the first attempt. Its error fails the attempt. */
  readonly onStart?: ((params: InitializedHookParams<TPayload, TInit>) => MaybePromise<Nothing>) | undefined;
  /** Before `run` in each attempt. Its error fails the attempt. */
  readonly onStartAttempt?:
    | ((params: InitializedHookParams<TPayload, TInit>) => MaybePromise<Nothing>)
    | undefined;
  /** When `run` has returned. Its error is reported and changes nothing. */
  readonly onSuccess?:
    | ((params: SuccessHookParams<TPayload, TOutput, TInit>) => MaybePromise<Nothing>)
    | undefined;
  /** When the last attempt has failed. Its error is reported and changes nothing. */
  readonly onFailure?: ((params: FailureHookParams<TPayload, TInit>) => MaybePromise<Nothing>) | undefined;
  /** When the run has succeeded, or its last attempt has failed. Its error is reported and changes nothing. */
  readonly onComplete?:
    | ((params: CompleteHookParams<TPayload, TOutput, TInit>) => MaybePromise<Nothing>)
    | undefined;
  /** When the run is cancelled while it executes; `run` may still be under way. */
  readonly onCancel?:
    | ((params: CancelHookParams<TPayload, TOutput, TInit>) => MaybePromise<Nothing>)
    | undefined;
  /**
   * When an attempt has failed: may decide about the retry. The most specific answer counts, so here the task's own
   * hook is asked first, then the global ones, then the config's; the first that returns something decides.
   */
  readonly catchError?:
    | ((params: CatchErrorHookParams<TPayload, TInit>) => MaybePromise<CatchErrorDecision | Nothing>)
    | undefined;
  /** Before the run waits (`wait.for`, `triggerAndWait`). Its error is reported and changes nothing. */
  readonly onWait?: ((params: WaitHookParams<TPayload, TInit>) => MaybePromise<Nothing>) | undefined;
  /** After such a wait. Its error is reported and changes nothing. */
  readonly onResume?: ((params: WaitHookParams<TPayload, TInit>) => MaybePromise<Nothing>) | undefined;
}

/** Hooks that do not know which task they serve: the config's and the global ones. */
export type AnyTaskHooks = TaskHooks<unknown, unknown, unknown>;

/** The name of a hook. */
export type HookKind = keyof AnyTaskHooks;

/** The function of one kind of hook. */
export type HookFunction<K extends HookKind> = NonNullable<AnyTaskHooks[K]>;

/** What one kind of hook receives. */
export type HookParamsOf<K extends HookKind> = Parameters<HookFunction<K>>[0];

/** A call of a hook, as whoever executes the attempt is told of it. */
export interface HookCall {
  readonly hook: HookKind;
  readonly source: "config" | "global" | "task";
}

/** One hook as it is called. */
export interface BoundHook<K extends HookKind> {
  /** Who registered it. */
  readonly source: "config" | "global" | "task";
  /** For reports, for example `onComplete of the config`. */
  readonly label: string;
  readonly call: (params: HookParamsOf<K>) => unknown;
}
