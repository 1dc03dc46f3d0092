import { currentScope } from "../context/context-storage.ts";
import { ApiError } from "../errors.ts";
import type { CurrentRun } from "../lifecycle/current-run.ts";
import { type RunOptions, type RunResult, withRunResult } from "../lifecycle/with-run.ts";
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
export type JobRunDetails = Pick<RunOptions, "attempt" | "parentId" | "parentTask" | "signal" | "willRetry">;

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
  let refusal: ApiError | undefined;
  for (const key of job.key === undefined ? [undefined] : [job.key, `${job.key}#${job.addedAtMs}`]) {
    try {
      return await withRunResult({ ...run, key }, body);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refusal = error;
      if (!isRunEnded(error)) break;
    }
  }
  return withRunResult({ ...run, target: memoryTarget() }, (handle) => {
    const message = `The server refused this job's run, so its metadata stays in memory: ${String(refusal)}`;
    currentScope()?.warn("REFUSED", message);
    return body(handle);
  });
}

function isRunEnded({ body }: ApiError): boolean {
  return typeof body === "object" && body !== null && "code" in body && body.code === "run_ended";
}
