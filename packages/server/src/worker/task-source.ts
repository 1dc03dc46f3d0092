import type { JobConsumer, TakenJob } from "../engine/queue/job-consumer.ts";
import { pause } from "../engine/until-stored.ts";
import type { WorkerRoom } from "./worker-room.ts";

/** After a look that failed: the queue is away. */
const FAILED_PAUSE_MS = 1_000;

/** What a {@link TaskSource} works with. */
export interface TaskSourceParts {
  readonly jobs: JobConsumer;
  /** Aborted when no more jobs are to be taken. */
  readonly signal: AbortSignal;
  /** Where it asks for room, in turn with the sources of other tasks. */
  readonly room: WorkerRoom;
  begin(job: TakenJob): void;
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
    const { signal, onError } = this.#parts;
    while (!signal.aborted) {
      try {
        await this.#takeOne();
      } catch (error) {
        if (signal.aborted) return;
        onError(error);
        await pause(FAILED_PAUSE_MS, signal);
      }
    }
  }

  /** Room first, then a job: what is here is not where there may be room. */
  async #takeOne(): Promise<void> {
    const { jobs, room, signal } = this.#parts;
    await room.reserve();
    let job: TakenJob | undefined;
    try {
      job = signal.aborted ? undefined : await jobs.now();
      if (job !== undefined) this.#parts.begin(job);
    } finally {
      room.release();
    }
    if (job !== undefined || signal.aborted) return;
    // A task without runs keeps no room from others; what comes at last begins if there still is some.
    job = await jobs.next();
    if (job === undefined) return;
    if (room.free && !signal.aborted) this.#parts.begin(job);
    else await job.handBack();
  }
}
