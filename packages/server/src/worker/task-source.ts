import type { TaskDefinition } from "@runmeta/runtime/worker";
import type { JobConsumer, TakenJob } from "../engine/queue/job-consumer.ts";
import { pause } from "../engine/until-stored.ts";

/** After a look that failed: the queue is away. */
const FAILED_PAUSE_MS = 1_000;

/** What a {@link TaskSource} works with. */
export interface TaskSourceParts {
  readonly task: TaskDefinition;
  readonly jobs: JobConsumer;
  /** Aborted when no more jobs are to be taken. */
  readonly signal: AbortSignal;
  /** Resolves when there is room for a run, at once or later. */
  room(): Promise<void>;
  /** Begins a run; false when there is no room any more. */
  begin(job: TakenJob, task: TaskDefinition): boolean;
  onError(error: unknown): void;
}

/** Takes the jobs of one task while this process has room. */
export class TaskSource {
  readonly #parts: TaskSourceParts;
  #running: Promise<void> | undefined;

  constructor(parts: TaskSourceParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when no job is on its way here any more. */
  async close(): Promise<void> {
    await this.#parts.jobs.close().catch(this.#parts.onError);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { jobs, signal, onError } = this.#parts;
    while (!signal.aborted) {
      await this.#parts.room();
      if (signal.aborted) return;
      try {
        const job = await jobs.next();
        if (job !== undefined) await this.#take(job);
      } catch (error) {
        if (signal.aborted) return;
        onError(error);
        await pause(FAILED_PAUSE_MS, signal);
      }
    }
  }

  async #take(job: TakenJob): Promise<void> {
    const { task, signal } = this.#parts;
    // Several sources wait for one free place; who comes second leaves the job to another process.
    if (signal.aborted || !this.#parts.begin(job, task)) await job.handBack();
  }
}
