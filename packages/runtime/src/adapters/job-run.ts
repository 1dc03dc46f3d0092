import { findApiClient } from "../client/configure.ts";
import { systemClock } from "../clock.ts";
import { currentScope } from "../context/context-storage.ts";
import { ApiError } from "../errors.ts";
import type { CurrentRun } from "../lifecycle/current-run.ts";
import { describeError } from "../lifecycle/describe-error.ts";
import { runIdOfKey } from "../lifecycle/run-id.ts";
import type { RunOptions } from "../lifecycle/run-options.ts";
import { StartDeadline } from "../lifecycle/start-deadline.ts";
import { type RunResult, runWithin } from "../lifecycle/with-run.ts";
import { memoryTarget } from "../target/memory-target.ts";

/** What can be said of a job's run; its id, attempts, parent and end follow from the job. All have defaults. */
export interface JobRunOptions
  extends Pick<
    RunOptions,
    "client" | "flush" | "maximumSize" | "metadata" | "onDrop" | "onWarning" | "tags"
  > {
  /** Name of the task, as the server lists it. @default the queue's name */
  readonly task?: string | undefined;
  /** Shown with the run; any JSON. `null` keeps the job's data from the server. @default the job's data */
  readonly payload?: unknown;
}

/** Options for all jobs of a processor, or made for each. */
export type JobRunOptionsFor<J, O extends JobRunOptions = JobRunOptions> = O | ((job: J) => O);

/** A job of a queue, as far as a run is concerned. */
export interface QueuedJob {
  /** Names the job among all queues; undefined for one without an id. */
  readonly key: string | undefined;
  /** When it was added, in milliseconds since 1970. */
  readonly addedAtMs: number;
  readonly queue: string;
  readonly data: unknown;
}

/** The run options that {@link runJob} does not set itself. */
export type JobRunDetails = Pick<RunOptions, "parentId" | "parentTask" | "signal" | "willRetry"> & {
  /** From 1. */
  readonly attempt: number;
};

/** Options of one job. */
export function optionsFor<J, O extends JobRunOptions>(
  options: JobRunOptionsFor<J, O> | undefined,
  job: J,
): O | undefined {
  return typeof options === "function" ? options(job) : options;
}

/**
 * Runs a job that its queue has handed out. The queue decides what is executed, and its lock that nobody else does: an
 * attempt that the server thinks to be running gives way, and a server that refuses the run (too large a payload, say)
 * costs the metadata, with a warning, and not the job.
 *
 * The job's key names the run. Where that run has ended, this is another job (removed, and added again under its id) or
 * the same one that was started again by hand: it gets a run of its own, whose name has the time it was added too.
 *
 * @throws Error named `UnrecoverableError` when the run was cancelled after an earlier attempt of the same job
 */
export async function runJob<T>(
  job: QueuedJob,
  options: JobRunOptions = {},
  details: JobRunDetails,
  body: (run: CurrentRun) => T | Promise<T>,
): Promise<RunResult<T>> {
  const run: RunOptions = {
    ...options,
    ...details,
    task: options.task ?? job.queue,
    payload: options.payload === undefined ? job.data : options.payload,
    takeOver: true,
  };
  const start = new StartDeadline(options.client?.clock ?? systemClock);
  const begin = (key?: string) => runWithin(start, { ...run, key }, body);
  const [first, later] = job.key === undefined ? [] : [job.key, `${job.key}#${job.addedAtMs}`];
  try {
    try {
      return await begin(first);
    } catch (error) {
      const endedAs = statusOfEnded(error);
      if (endedAs === undefined || later === undefined) throw error;
      const cancelled =
        endedAs === "CANCELED" && details.attempt > 1 && !(await isKnown(later, start, options.client));
      if (cancelled) throw unrecoverable(error, "The job's run was cancelled");
      return await begin(later);
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return runWithin(start, { ...run, target: memoryTarget() }, (handle) => {
      const message = `The server refused this job's run, so its metadata stays in memory: ${String(error)}`;
      currentScope()?.warn("REFUSED", message);
      return body(handle);
    });
  }
}

/** Who cancels a run does not want its job tried again. BullMQ knows that by the error's name. */
export function unrecoverable(cause: unknown, message = describeError(cause).message): Error {
  return Object.assign(new Error(message, { cause }), { name: "UnrecoverableError" });
}

function statusOfEnded(error: unknown): unknown {
  if (!(error instanceof ApiError) || typeof error.body !== "object" || error.body === null) return undefined;
  const { code, status } = error.body as { code?: unknown; status?: unknown };
  return code === "run_ended" ? (status ?? "unknown") : undefined;
}

/** Whether an earlier attempt has used the later key: then the run of the first one is another job's. */
async function isKnown(key: string, start: StartDeadline, client = findApiClient()): Promise<boolean> {
  try {
    await client?.request("GET", `/api/v3/runs/${await runIdOfKey(key)}`, {
      signal: start.signal,
      retry: { maxAttempts: 1 },
    });
    return true;
  } catch (error) {
    // In doubt the job is executed.
    return !(error instanceof ApiError && error.status === 404);
  } finally {
    start.end();
  }
}
