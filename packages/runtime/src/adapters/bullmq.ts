/** `@runmeta/runtime/bullmq`: progress and metadata for the jobs of a BullMQ worker (5.0 or newer). */

import { runIdOfKey } from "../lifecycle/run-id.ts";
import { type JobRunOptions, type JobRunOptionsFor, optionsFor, runJob, unrecoverable } from "./job-run.ts";
import { type JobProgress, ProgressMirror } from "./progress-mirror.ts";

export type { JobRunOptions } from "./job-run.ts";

/** What is used of BullMQ's `Job`; one in a sandboxed processor has it too. */
export interface BullmqJob extends BullmqJobName {
  readonly data: unknown;
  /** When it was added, in milliseconds since 1970. */
  readonly timestamp: number;
  /** Attempts that have failed. */
  readonly attemptsMade: number;
  /** Times that it was handed to a worker, this one included: also after a stall, a delay, or waiting for children. */
  readonly attemptsStarted: number;
  readonly opts: { readonly attempts?: number | undefined };
  /** The job of a flow that waits for this one. */
  readonly parent?: { readonly id?: string | undefined; readonly queueKey: string } | undefined;
  updateProgress(progress: JobProgress): Promise<unknown>;
}

/** What names a job. */
export interface BullmqJobName {
  readonly id?: string | undefined;
  readonly queueName: string;
  /** First part of the queue's keys in Redis, `bull` unless set. */
  readonly prefix: string;
}

/** Options of {@link bullmqProcessor}; all have defaults. */
export interface BullmqProcessorOptions extends JobRunOptions {
  /**
   * A key of the metadata that is the job's own progress too (`job.updateProgress`), for BullMQ's events and boards: at
   * most once a second while it changes, and at the end. @default none
   */
  readonly mirror?: string | undefined;
}

/** A processor, as a `Worker` takes it. */
export type BullmqProcessor<J, R> = (job: J, token?: string, signal?: AbortSignal) => Promise<R>;

/**
 * Wraps a processor: each job is a run, and whatever the processor calls writes to it with `metadata`. A job that is
 * retried, has stalled, or was delayed is the same run with its next attempt; its return value is the run's output. In
 * a flow `metadata.parent` is the run of the parent job.
 *
 * `signal` is aborted when BullMQ cancels the job, and when its run is cancelled at the server: what the processor then
 * throws is not retried. A server that is away costs at most 6 seconds at the start and `drainTimeoutMs` at the end
 * (see `flush`), and never the job.
 *
 * A backoff strategy that gives up (`-1`) and `maxStartedAttempts` are the worker's and not seen from here: such a run
 * stays QUEUED.
 *
 * @example
 * new Worker("emails", bullmqProcessor(async (job) => send(job.data), { mirror: "progress" }), { connection });
 */
export function bullmqProcessor<J extends BullmqJob, R>(
  processor: BullmqProcessor<J, R>,
  options?: JobRunOptionsFor<J, BullmqProcessorOptions>,
): BullmqProcessor<J, R> {
  // Three parameters: BullMQ counts them, and hands a signal only to who takes one.
  return async (job, token, signal) => {
    const chosen = optionsFor(options, job);
    let cancelled = false;
    const result = await runJob(
      { key: keyOf(job), addedAtMs: job.timestamp, queue: job.queueName, data: job.data },
      chosen,
      {
        // A stalled job is started again without an attempt having been made.
        attempt: job.attemptsStarted || job.attemptsMade + 1,
        ...(await parentOf(job)),
        signal,
        willRetry: (error) => !cancelled && isHandedOutAgain(job, error),
      },
      async (run) => {
        const mirror =
          chosen?.mirror === undefined
            ? undefined
            : new ProgressMirror(chosen.mirror, (progress) => job.updateProgress(progress));
        try {
          return await processor(job, token, run.signal);
        } finally {
          cancelled = run.signal.aborted && signal?.aborted !== true;
          await mirror?.end();
        }
      },
    );
    if (result.ok) return result.value;
    throw cancelled ? unrecoverable(result.error) : result.error;
  };
}

/** The id of a job's run, for whoever adds the job and wants to watch it: `runs.retrieve(await bullmqRunId(job))`. */
export async function bullmqRunId(job: BullmqJobName & { readonly id: string }): Promise<string> {
  return runIdOfKey(keyOf(job));
}

function keyOf(job: BullmqJobName & { readonly id: string }): string;
function keyOf(job: BullmqJobName): string | undefined;
function keyOf({ id, queueName, prefix }: BullmqJobName): string | undefined {
  return id === undefined ? undefined : `bullmq:${prefix}:${queueName}:${id}`;
}

/** Children run before their parent, so the server hears of the parent from them. */
async function parentOf({
  parent,
}: BullmqJob): Promise<{ readonly parentId?: string; readonly parentTask?: string }> {
  if (parent?.id === undefined) return {};
  const { id, queueKey } = parent;
  return {
    parentId: await runIdOfKey(`bullmq:${queueKey}:${id}`),
    parentTask: queueKey.slice(queueKey.indexOf(":") + 1),
  };
}

/** Thrown by a job that has put itself aside; BullMQ goes by the names too. */
const PUT_ASIDE = new Set(["DelayedError", "WaitingError", "WaitingChildrenError", "RateLimitError"]);

function isHandedOutAgain({ attemptsMade, opts }: BullmqJob, error: unknown): boolean {
  const name = error instanceof Error ? error.name : "";
  if (PUT_ASIDE.has(name)) return true;
  return name !== "UnrecoverableError" && attemptsMade + 1 < (opts.attempts ?? 1);
}
