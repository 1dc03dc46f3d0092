/** `@runmeta/runtime/pg-boss`: progress and metadata for the jobs of a pg-boss worker (10 or newer). */

import { ConfigError } from "../errors.ts";
import type { CurrentRun } from "../lifecycle/current-run.ts";
import { runIdOfKey } from "../lifecycle/run-id.ts";
import type { RunResult } from "../lifecycle/with-run.ts";
import { JobBatch } from "./job-batch.ts";
import { type JobRunOptionsFor, optionsFor, runJob } from "./job-run.ts";

export type { JobRunOptions } from "./job-run.ts";

/** What is used of a job that was fetched with `includeMetadata: true`. */
export interface PgBossJob extends PgBossJobName {
  readonly data: unknown;
  /** Attempts before this one. */
  readonly retryCount: number;
  readonly retryLimit: number;
  readonly createdOn: Date;
  /** Aborted when the job expires or its worker stops; pg-boss 11 and newer. */
  readonly signal?: AbortSignal | undefined;
}

/** What names a job. */
export interface PgBossJobName {
  readonly id: string;
  /** Of its queue. */
  readonly name: string;
}

/** Works on one job; `signal` is aborted when pg-boss gives the job up, and when its run is cancelled at the server. */
export type PgBossProcessor<J, R> = (job: J, signal: AbortSignal) => Promise<R>;

/** A handler, as `boss.work` takes it. */
export type PgBossHandler<J, R> = (jobs: J[]) => Promise<R>;

/** How one job of a batch ended, as `perJobResults: true` of pg-boss 12 wants to know. */
export interface PgBossJobResult {
  readonly id: string;
  readonly status: "completed" | "failed" | "deadletter";
  /** What it returned, or why it failed. */
  readonly output?: unknown;
}

/**
 * Makes a handler of a processor for single jobs: each job is a run, and whatever the processor calls writes to it with
 * `metadata`. A job that is retried is the same run with its next attempt; its return value is the run's output.
 *
 * The jobs of a batch (`batchSize`) are worked on at once. pg-boss completes or fails them together, so each waits for
 * the others, and one that fails is a failed attempt of all. {@link pgBossBatchProcessor} ends each for itself.
 *
 * A server that is away costs at most 5 seconds at the start and `drainTimeoutMs` at the end (see `flush`), and never
 * the job.
 *
 * @throws ConfigError in the handler without `includeMetadata: true`: whether a failed job is retried is not known then
 * @example
 * await boss.work("emails", { includeMetadata: true }, pgBossProcessor(async (job) => send(job.data)));
 */
export function pgBossProcessor<J extends PgBossJob, R>(
  processor: PgBossProcessor<J, R>,
  options?: JobRunOptionsFor<J>,
): PgBossHandler<J, R | undefined> {
  return async (jobs) => {
    const batch = new JobBatch(jobs.length);
    const results = await Promise.all(
      jobs.map((job) =>
        execute(job, options, (run) => batch.join(() => processor(job, run.signal))).catch(
          (error: unknown) => {
            batch.leave(error);
            throw error;
          },
        ),
      ),
    );
    for (const result of results) if (!result.ok) throw result.error;
    const [only] = results;
    // What a batch returns is nobody's output.
    return results.length === 1 && only?.ok === true ? only.value : undefined;
  };
}

/**
 * As {@link pgBossProcessor}, for a worker with `perJobResults: true` (pg-boss 12): each job of a batch ends for itself.
 * A job whose run was cancelled at the server is not retried: it goes to the dead letter queue, where there is one.
 *
 * @throws ConfigError in the handler without `includeMetadata: true`
 * @example
 * await boss.work(
 *   "emails",
 *   { batchSize: 50, includeMetadata: true, perJobResults: true },
 *   pgBossBatchProcessor(async (job) => send(job.data)),
 * );
 */
export function pgBossBatchProcessor<J extends PgBossJob>(
  processor: PgBossProcessor<J, unknown>,
  options?: JobRunOptionsFor<J>,
): PgBossHandler<J, PgBossJobResult[]> {
  return (jobs) =>
    Promise.all(
      jobs.map(async (job): Promise<PgBossJobResult> => {
        let cancelled = false;
        const result = await execute(job, options, async (run) => {
          try {
            return await processor(job, run.signal);
          } finally {
            cancelled = run.signal.aborted && job.signal?.aborted !== true;
          }
        });
        if (!result.ok)
          return { id: job.id, status: cancelled ? "deadletter" : "failed", output: result.error };
        return { id: job.id, status: "completed", output: result.value };
      }),
    );
}

/** The id of a job's run, for whoever sends the job and wants to watch it: `runs.retrieve(await pgBossRunId({ name, id }))`. */
export function pgBossRunId(job: PgBossJobName): Promise<string> {
  return runIdOfKey(keyOf(job));
}

function keyOf({ name, id }: PgBossJobName): string {
  return `pg-boss:${name}:${id}`;
}

async function execute<J extends PgBossJob, T>(
  job: J,
  options: JobRunOptionsFor<J> | undefined,
  body: (run: CurrentRun) => Promise<T>,
): Promise<RunResult<T>> {
  const { name, data, retryCount, retryLimit, createdOn, signal } = job;
  if (typeof retryLimit !== "number") {
    throw new ConfigError(
      `The worker of queue ${JSON.stringify(name)} needs the option includeMetadata: true; its jobs do not tell their retryLimit without it`,
    );
  }
  return runJob(
    { key: keyOf(job), addedAtMs: createdOn.getTime(), queue: name, data },
    optionsFor(options, job),
    { attempt: retryCount + 1, signal, willRetry: () => retryCount < retryLimit },
    body,
  );
}
