import { pause } from "../client/pause.ts";
import { systemClock } from "../clock.ts";
import { currentScope } from "../context/context-storage.ts";
import { finalErrorReason } from "./attempt-policy.ts";
import { retryFetch } from "./retry-fetch.ts";
import { type RetryOptions, resolveRetryOptions, retryDelayMs } from "./retry-options.ts";

/** What a retried function is told. */
export interface RetriedCall {
  /** From 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
}

/** Tries a part of a task again without starting the whole run over. */
export const retry = {
  /**
   * Calls `body` until it succeeds, with a growing wait between the calls on the run's clock. An `AbortTaskRunError`
   * ends it at once, and so does the run's `signal` while it waits.
   *
   * @returns what `body` gave
   * @throws what the last call threw
   * @example
   * const page = await retry.onThrow(() => load(url), { maxAttempts: 5 });
   */
  async onThrow<T>(body: (call: RetriedCall) => Promise<T>, options: RetryOptions = {}): Promise<T> {
    const resolved = resolveRetryOptions(options);
    const scope = currentScope();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await body({ attempt, maxAttempts: resolved.maxAttempts });
      } catch (error) {
        const delayMs = retryDelayMs(resolved, attempt);
        if (delayMs === undefined || finalErrorReason(error) === "aborted") throw error;
        await pause(scope?.clock ?? systemClock, delayMs, scope?.signal);
      }
    }
  },

  /**
   * `fetch` that is tried again: after 408, 409, 429 and 5xx, a connection error, or `timeoutInMs`, by default three
   * times in all. The last response is given back as it is, whatever its status. A body that is a stream is sent once.
   *
   * @throws what the last `fetch` threw
   * @example
   * const response = await retry.fetch(url, {
   *   timeoutInMs: 5_000,
   *   retry: { byStatus: { "5xx": { strategy: "backoff", maxAttempts: 5 } } },
   * });
   */
  fetch: retryFetch,
} as const;
