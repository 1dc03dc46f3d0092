import { pause } from "../client/pause.ts";
import { type Clock, systemClock } from "../clock.ts";
import { currentScope } from "../context/context-storage.ts";
import { ConfigError } from "../errors.ts";
import { type RetryOptions, resolveRetryOptions, retryDelayMs } from "./retry-options.ts";
import { matchesStatus } from "./status-pattern.ts";

/** What follows a response of some status. */
export type FetchRetryStrategy =
  /** A growing wait. */
  | ({ readonly strategy: "backoff" } & RetryOptions)
  /** Waits until the time that a header of the response names. */
  | {
      readonly strategy: "headers";
      /** For example `x-ratelimit-reset`. */
      readonly resetHeader: string;
      /** How the header is written. @default "unix_timestamp_in_ms" */
      readonly resetFormat?: "unix_timestamp" | "unix_timestamp_in_ms" | "iso_8601" | undefined;
    };

/** When `retry.fetch` tries again. What is not given keeps its default: three attempts. */
export interface FetchRetryOptions {
  /**
   * By status: `"429"`, `"500-599"`, `"5xx"`, lists of them, or `"all"`; the first that matches counts.
   * @default { "408,409,429,5xx": { strategy: "backoff" } }
   */
  readonly byStatus?: Readonly<Record<string, FetchRetryStrategy>> | undefined;
  readonly connectionError?: RetryOptions | undefined;
  /** After `timeoutInMs`. */
  readonly timeout?: RetryOptions | undefined;
}

/** What `retry.fetch` takes besides what `fetch` does. */
export interface RetryFetchInit extends RequestInit {
  readonly retry?: FetchRetryOptions | undefined;
  /** Deadline of one request until its headers have come, in milliseconds (more than 0). @default none */
  readonly timeoutInMs?: number | undefined;
}

const DEFAULT_BY_STATUS: NonNullable<FetchRetryOptions["byStatus"]> = {
  "408,409,429,5xx": { strategy: "backoff" },
};
/** Requests at most where only headers say when to come back: a server that always says "later" ends here. */
const MAX_REQUESTS = 10;

const MS_OF_FORMAT = {
  unix_timestamp: (text: string) => Number(text) * 1_000,
  unix_timestamp_in_ms: Number,
  iso_8601: (text: string) => Date.parse(text),
} as const;

function backoffMs(options: RetryOptions | undefined, attempt: number): number | undefined {
  return retryDelayMs(resolveRetryOptions(options), attempt);
}

function responseDelayMs(
  response: Response,
  byStatus: NonNullable<FetchRetryOptions["byStatus"]>,
  attempt: number,
  clock: Clock,
): number | undefined {
  const strategy = Object.entries(byStatus).find(([pattern]) => matchesStatus(pattern, response.status))?.[1];
  if (strategy === undefined) return undefined;
  if (strategy.strategy === "backoff") return backoffMs(strategy, attempt);
  const text = response.headers.get(strategy.resetHeader);
  if (text === null) return undefined;
  const at = MS_OF_FORMAT[strategy.resetFormat ?? "unix_timestamp_in_ms"](text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.wallTime());
}

/** See `retry.fetch`. */
export async function retryFetch(
  input: string | URL | Request,
  init: RetryFetchInit = {},
): Promise<Response> {
  const { retry = {}, timeoutInMs, ...request } = init;
  if (timeoutInMs !== undefined && !(timeoutInMs > 0)) {
    throw new ConfigError(`timeoutInMs must be more than 0, got ${String(timeoutInMs)}`);
  }
  const scope = currentScope();
  const clock = scope?.clock ?? systemClock;
  const given = request.signal ?? (input instanceof Request ? input.signal : undefined);
  const signals = [scope?.signal, given].filter((signal) => signal instanceof AbortSignal);
  // A stream is used up by the first request.
  const once = request.body instanceof ReadableStream || (input instanceof Request && input.body !== null);
  for (let attempt = 1; ; attempt += 1) {
    const again = !once && attempt < MAX_REQUESTS;
    const deadline = new AbortController();
    const timer =
      timeoutInMs === undefined
        ? undefined
        : clock.setTimer(() => deadline.abort(), timeoutInMs, { keepAlive: true, deadline: true });
    let delayMs: number | undefined;
    try {
      const signal = AbortSignal.any([...signals, deadline.signal]);
      const response = await fetch(input, { ...request, signal });
      delayMs =
        again && !response.ok
          ? responseDelayMs(response, retry.byStatus ?? DEFAULT_BY_STATUS, attempt, clock)
          : undefined;
      if (delayMs === undefined) return response;
      // Its connection is free for the next request.
      await response.body?.cancel();
    } catch (error) {
      for (const signal of signals) signal.throwIfAborted();
      // A TypeError without a cause is a request that cannot be sent at all.
      const unreachable = error instanceof TypeError && error.cause !== undefined;
      if (!again || !(deadline.signal.aborted || unreachable)) throw error;
      delayMs = backoffMs(deadline.signal.aborted ? retry.timeout : retry.connectionError, attempt);
      if (delayMs === undefined) throw error;
    } finally {
      timer?.cancel();
    }
    await pause(clock, delayMs, signals.length === 0 ? undefined : AbortSignal.any(signals));
  }
}
