import { randomUUID } from "node:crypto";
import type { BullConsumer, BullJob } from "./connect-bullmq.ts";

/** A job that this process has taken. */
export interface TakenJob {
  readonly runId: string;
  /** From 1. */
  readonly attempt: number;
  /** It is of no more use: the run has begun, or needs no beginning. */
  done(): Promise<void>;
  /** Somebody else may take it at once. */
  handBack(): Promise<void>;
}

/**
 * Takes the jobs of one queue, one at a time. A job that is neither done nor handed back within some seconds is given to
 * another process.
 */
export class JobConsumer {
  readonly #consumer: BullConsumer;
  readonly #token = randomUUID();
  #checking: Promise<void> | undefined;

  constructor(consumer: BullConsumer) {
    this.#consumer = consumer;
  }

  /** Waits some seconds for a job. */
  async next(): Promise<TakenJob | undefined> {
    // Looks after jobs of processes that died with them.
    this.#checking ??= this.#consumer.startStalledCheckTimer();
    await this.#checking;
    const job = await this.#consumer.getNextJob(this.#token);
    return job && this.#taken(job);
  }

  /** Ends a wait that is under way. */
  async close(): Promise<void> {
    await this.#consumer.close();
  }

  #taken(job: BullJob): TakenJob {
    // JobQueues.add wrote it.
    const { runId, attempt } = job.data as { runId: string; attempt: number };
    return {
      runId,
      attempt,
      done: async () => void (await job.moveToCompleted(null, this.#token, false)),
      handBack: async () => void (await job.moveToWait(this.#token)),
    };
  }
}
