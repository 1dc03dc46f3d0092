import type { FlushStats } from "../store/ledger.ts";
import { type BegunRun, beginRun, type Outcome } from "./begin-run.ts";
import { type CurrentRun, handleOf } from "./current-run.ts";
import type { OpenRun } from "./open-run.ts";
import type { RunOptions } from "./run-options.ts";
import type { StartDeadline } from "./start-deadline.ts";

/** How a run ended, and what became of its metadata. */
export type RunResult<T> = {
  readonly id: string;
  /** Everything accepted is stored, or was dropped by name. */
  readonly flushed: boolean;
  /** Writes that are not stored yet; this process keeps trying while it lives. */
  readonly pending: number;
  readonly stats: FlushStats;
} & ({ readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown });

/**
 * Opens a run around any code: a queue's worker, a script, a Lambda handler. Everything `body` calls, at any depth,
 * writes to this run with `metadata`. Ends with the last flush, and gives what `body` gives.
 *
 * @throws what `body` throws, unchanged; ConfigError and MetadataValueError for options, before `body` is called;
 *   ApiError when the server says that this attempt must not run
 * @example
 * await withRun({ key: `emails:${job.id}` }, async () => {
 *   metadata.set("status", "sending");
 * });
 */
export function withRun<T>(options: RunOptions, body: (run: CurrentRun) => T | Promise<T>): Promise<T> {
  return conduct(options, body, unwrap);
}

/** Same as {@link withRun}, and tells what became of the metadata; the body's error is a value here. */
export function withRunResult<T>(
  options: RunOptions,
  body: (run: CurrentRun) => T | Promise<T>,
): Promise<RunResult<T>> {
  return conduct(options, body, describe);
}

/** The same; whoever begins one job's run more than once gives all of it one time to begin in. */
export function runWithin<T>(
  start: StartDeadline,
  options: RunOptions,
  body: (run: CurrentRun) => T | Promise<T>,
): Promise<RunResult<T>> {
  return conduct(options, body, describe, start);
}

function unwrap<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw outcome.error;
}

function describe<T>(outcome: Outcome<T>, { scope: { id, flusher } }: OpenRun): RunResult<T> {
  const stats = flusher.stats();
  return { id, flushed: !flusher.pending, pending: stats.pending, stats, ...outcome };
}

/** What the caller is given in the end. */
type Report<T, R> = (outcome: Outcome<T>, opened: OpenRun) => R;

// No `async` functions here: each makes promises of its own, and what opening a run costs is the promises it makes.

function conduct<T, R>(
  options: RunOptions,
  body: (run: CurrentRun) => T | Promise<T>,
  report: Report<T, R>,
  start?: StartDeadline,
): Promise<R> {
  try {
    const begun = beginRun(options, start);
    return begun instanceof Promise
      ? begun.then((run) => carryOut(run, body, report))
      : carryOut(begun, body, report);
  } catch (error) {
    return Promise.reject(error);
  }
}

function carryOut<T, R>(
  run: BegunRun,
  body: (run: CurrentRun) => T | Promise<T>,
  report: Report<T, R>,
): Promise<R> {
  return run.opened
    .run(() => call(body, run.opened))
    .then(
      (value) => end(run, { ok: true, value }, report),
      (error: unknown) => end(run, { ok: false, error }, report),
    );
}

function call<T>(body: (run: CurrentRun) => T | Promise<T>, opened: OpenRun): Promise<T> {
  try {
    return Promise.resolve(body(handleOf(opened.scope)));
  } catch (error) {
    return Promise.reject(error);
  }
}

function end<T, R>(run: BegunRun, outcome: Outcome<T>, report: Report<T, R>): R | Promise<R> {
  const endedAt = run.opened.scope.clock.now();
  const closing = run.opened.close();
  if (run.complete === undefined && !(closing instanceof Promise)) return report(outcome, run.opened);
  return Promise.resolve(closing)
    .then(() => run.complete?.(outcome, endedAt))
    .then(() => report(outcome, run.opened));
}
