import { isRunmetaError, type RunmetaErrorCode } from "../errors.ts";
import {
  type ResolvedRetryOptions,
  type RetryOptions,
  resolveRetryOptions,
  retryDelayMs,
} from "./retry-options.ts";

/** What a `catchError` hook may decide about a failed attempt; the first of these that is given counts. */
export interface CatchErrorDecision {
  /** The run fails now. */
  readonly skipRetrying?: boolean | undefined;
  /** The next attempt starts then. */
  readonly retryAt?: Date | undefined;
  /** The next attempt starts after this many milliseconds. */
  readonly retryDelayInMs?: number | undefined;
  /** Other retry options for this error. */
  readonly retry?: RetryOptions | undefined;
  /** Takes the place of the error that was thrown. */
  readonly error?: unknown;
}

/** Everything that decides whether a failed attempt is followed by another one. */
export interface FailedAttempt {
  readonly error: unknown;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** Of the task, else of the config; undefined: nobody asked for retries. */
  readonly retry: RetryOptions | undefined;
  /** Given when the run was triggered; overrides `retry.maxAttempts`. */
  readonly maxAttempts?: number | undefined;
  /** False where retries are switched off (`retries.enabledInDev: false`). @default true */
  readonly retriesEnabled?: boolean | undefined;
  readonly decision?: CatchErrorDecision | undefined;
  /** Milliseconds since 1970. */
  readonly wallTime: number;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Why there is no further attempt. */
export type GiveUpReason =
  | "aborted"
  | "payload"
  | "output"
  | "timed-out"
  | "refused"
  | "retries-disabled"
  | "no-retry"
  | "skipped"
  | "exhausted";

/** Whether and when the next attempt starts. */
export type NextAttempt = { readonly retryAfterMs: number } | { readonly giveUp: GiveUpReason };

/**
 * Attempts of a run at most when only a `catchError` hook asks for more of them and no `maxAttempts` is set anywhere:
 * the official server's bound, so that a hook that always answers cannot run for ever.
 */
const MAX_UNBOUNDED_ATTEMPTS = 250;

/** Our errors that another attempt cannot mend. */
const FINAL_CODES: Partial<Record<RunmetaErrorCode, GiveUpReason>> = {
  RUNMETA_TASK_ABORTED: "aborted",
  RUNMETA_TASK_PAYLOAD: "payload",
  RUNMETA_TASK_OUTPUT: "output",
  RUNMETA_MAX_DURATION: "timed-out",
};

/** The official SDK's, which are told by their names. */
const FINAL_NAMES: ReadonlyMap<string, GiveUpReason> = new Map([
  ["AbortTaskRunError", "aborted"],
  ["TaskPayloadParsedError", "payload"],
]);

/** Why an error is never retried, whatever the options say; undefined for an ordinary error. */
export function finalErrorReason(error: unknown): GiveUpReason | undefined {
  const own = isRunmetaError(error) ? FINAL_CODES[error.code] : undefined;
  if (own !== undefined) return own;
  if (!(error instanceof Error)) return undefined;
  const official = FINAL_NAMES.get(error.name);
  if (official !== undefined) return official;
  const isApiError = isRunmetaError(error) ? error.code === "RUNMETA_API" : error.name === "TriggerApiError";
  const status = isApiError ? (error as { status?: unknown }).status : undefined;
  const refused =
    typeof status === "number" && status >= 400 && status < 500 && status !== 408 && status !== 429;
  return refused ? "refused" : undefined;
}

/** The retry options of a run with the number of attempts it was triggered with; undefined when nobody asked for retries. */
export function effectiveRetry(
  retry: RetryOptions | undefined,
  maxAttempts: number | undefined,
): ResolvedRetryOptions | undefined {
  if (retry === undefined && maxAttempts === undefined) return undefined;
  const resolved = resolveRetryOptions(retry);
  return maxAttempts === undefined ? resolved : { ...resolved, maxAttempts: Math.max(1, maxAttempts) };
}

/**
 * Decides what follows a failed attempt. Pure.
 *
 * Errors that another attempt cannot mend end the run; then a `catchError` hook's decision counts; then the retry
 * options. `retryAt` and `retryDelayInMs` choose the time, not the number of attempts: `maxAttempts` still holds.
 */
export function nextAttempt(failed: FailedAttempt): NextAttempt {
  const final = finalErrorReason(failed.error);
  if (final !== undefined) return { giveUp: final };
  if (failed.retriesEnabled === false) return { giveUp: "retries-disabled" };

  const { decision, attempt, random } = failed;
  const retry = effectiveRetry(failed.retry, failed.maxAttempts);
  if (decision?.skipRetrying === true) return { giveUp: "skipped" };

  const chosenMs =
    decision?.retryAt === undefined ? decision?.retryDelayInMs : decision.retryAt.getTime() - failed.wallTime;
  if (chosenMs !== undefined && Number.isFinite(chosenMs)) {
    const limit = retry?.maxAttempts ?? MAX_UNBOUNDED_ATTEMPTS;
    return attempt >= limit ? { giveUp: "exhausted" } : { retryAfterMs: Math.max(0, Math.round(chosenMs)) };
  }

  const options =
    decision?.retry === undefined ? retry : resolveRetryOptions({ ...retry, ...decision.retry });
  if (options === undefined) return { giveUp: "no-retry" };
  const delayMs = retryDelayMs(options, attempt, random);
  return delayMs === undefined ? { giveUp: "exhausted" } : { retryAfterMs: delayMs };
}
