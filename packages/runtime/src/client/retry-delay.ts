import type { Clock } from "../clock.ts";
import { boundedWaitMs, retryAfterMs } from "../http/retry-after.ts";

/** How often and how fast a call is repeated. The defaults are the official client's: 9.3 s in all. */
export interface RetryOptions {
  /** Requests at most, the first included (1 or more). @default 5 */
  readonly maxAttempts?: number | undefined;
  /** Wait before the second request, in milliseconds. @default 1000 */
  readonly minTimeoutInMs?: number | undefined;
  /** Longest wait, in milliseconds. @default 30000 */
  readonly maxTimeoutInMs?: number | undefined;
  /** What each wait is multiplied by. @default 1.6 */
  readonly factor?: number | undefined;
}

function rateLimitResetMs(text: string | null, clock: Clock): number | undefined {
  const resetAt = Number.parseInt(text ?? "", 10);
  if (Number.isNaN(resetAt) || resetAt <= clock.wallTime()) return undefined;
  return boundedWaitMs(resetAt - clock.wallTime());
}

/**
 * Milliseconds to wait before request `attempt + 1`; undefined when `attempt` was the last one.
 * `Retry-After` (seconds or a date) wins, then `x-ratelimit-reset` (unix milliseconds) of a 429, then the backoff.
 */
export function retryDelayMs(
  attempt: number,
  options: RetryOptions | undefined,
  reply: { readonly status: number; readonly headers: Headers } | undefined,
  clock: Clock,
): number | undefined {
  if (attempt >= (options?.maxAttempts ?? 5)) return undefined;
  const named =
    retryAfterMs(reply?.headers.get("retry-after"), clock) ??
    (reply?.status === 429 ? rateLimitResetMs(reply.headers.get("x-ratelimit-reset"), clock) : undefined);
  if (named !== undefined) return named;
  const backoff = (options?.minTimeoutInMs ?? 1_000) * (options?.factor ?? 1.6) ** (attempt - 1);
  return Math.round(Math.min(options?.maxTimeoutInMs ?? 30_000, backoff));
}

/** Whether a reply asks for another try: the server's `x-should-retry` decides, else the status. */
export function asksForRetry(status: number, headers: Headers, retryConflict = true): boolean {
  const said = headers.get("x-should-retry");
  if (said === "true") return true;
  if (said === "false") return false;
  return status === 408 || (status === 409 && retryConflict) || status === 429 || status >= 500;
}
