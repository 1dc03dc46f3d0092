import { HttpError } from "../http/http-error.ts";
import type { AttemptResult } from "../service/attempt-request.ts";
import type { RunRow } from "../storage/storage.ts";

/**
 * The run an accepted call was about.
 *
 * @throws HttpError 404, or 409 with `code`. A conflict that time resolves says `x-should-retry: true` and when
 * (`Retry-After` in seconds, `retryAfterMs` in the body); one that does not says `false`, so that no client waits for it.
 *   `run_ended` tells the run's `status`
 */
export function settledRun(result: AttemptResult): RunRow {
  if (result.status === "done") return result.run;
  if (result.status === "not-found") throw workerNotFound();
  const { message, code, retryAfterMs, endedAs } = result;
  if (retryAfterMs === undefined)
    throw new HttpError(409, { error: message, code, status: endedAs }, { "x-should-retry": "false" });
  throw new HttpError(
    409,
    { error: message, code, retryAfterMs },
    { "x-should-retry": "true", "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) },
  );
}

/** {@link workerNotFound}, as contracts say it. */
export const WORKER_NOT_FOUND = "`Task Run not found`";

/** No such run in this environment, or an id that none can have. */
export function workerNotFound(): HttpError {
  return new HttpError(404, "Task Run not found", { "x-should-retry": "false" });
}
