import { pause } from "../client/pause.ts";
import { systemClock } from "../clock.ts";
import type { JsonObject } from "../protocol/json.ts";
import { type AttemptOutcome, type ExecuteAttemptOptions, executeAttempt } from "./execute-attempt.ts";

/** How long reading the stored document before another attempt may take, in milliseconds. */
const READ_TIMEOUT_MS = 10_000;

/** What all attempts of a run need. */
export interface RunAttemptsOptions extends ExecuteAttemptOptions {
  /** Called after each attempt, before the wait for the next one. */
  readonly onAttempt?: ((attempt: number, outcome: AttemptOutcome) => void) | undefined;
}

/** The outcome of the last attempt, and how many there were. */
export interface RunOutcome {
  readonly outcome: AttemptOutcome;
  readonly attempts: number;
}

async function storedDocument(options: RunAttemptsOptions, fallback: JsonObject): Promise<JsonObject> {
  const signal = options.signal ?? new AbortController().signal;
  const read = await options.target.read({ timeoutMs: READ_TIMEOUT_MS, signal });
  return read.kind === "document" ? read.document : fallback;
}

/**
 * Executes a run to its end: attempt after attempt, with the waits between them on the clock. For runs that no server
 * schedules. Each attempt starts with the document the endpoint has stored by then.
 *
 * @throws ConfigError for options that are out of range
 */
export async function runAttempts(options: RunAttemptsOptions): Promise<RunOutcome> {
  const clock = options.clock ?? systemClock;
  const startedAt = options.run.startedAt ?? new Date(clock.wallTime());
  const createdAt = options.run.createdAt ?? startedAt;
  const initialMetadata = options.run.initialMetadata ?? options.run.metadata;
  let metadata = options.run.metadata;
  for (let attempt = options.run.attempt; ; attempt += 1) {
    const run = { ...options.run, attempt, metadata, initialMetadata, startedAt, createdAt };
    const outcome = await executeAttempt({ ...options, run });
    options.onAttempt?.(attempt, outcome);
    if (outcome.kind !== "failed" || outcome.retryAfterMs === undefined)
      return { outcome, attempts: attempt };
    try {
      await pause(clock, outcome.retryAfterMs, options.signal);
    } catch {
      const { flushed, pending, stats } = outcome;
      return { outcome: { kind: "cancelled", flushed, pending, stats }, attempts: attempt };
    }
    metadata = await storedDocument(options, metadata);
  }
}
