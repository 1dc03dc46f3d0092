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
  #close: (word: "closed") => void = () => undefined;
  /** BullMQ leaves a wait open when it is closed. */
  readonly #closed = new Promise<"closed">((resolve) => {
    this.#close = resolve;
  });
  #checking: Promise<void> | undefined;

  constructor(consumer: BullConsumer) {
    this.#consumer = consumer;
  }

  /** A job, if there is one. */
  now(): Promise<TakenJob | undefined> {
    return this.#next(false);
  }

  /** Waits for a job, for some seconds or until {@link close}; undefined when there was none. */
  next(): Promise<TakenJob | undefined> {
    return this.#next(true);
  }

  /** Takes no more jobs. */
  async close(): Promise<void> {
    this.#close("closed");
    await this.#consumer.close(true);
  }

  async #next(block: boolean): Promise<TakenJob | undefined> {
    // Looks after jobs of processes that died with them.
    this.#checking ??= this.#consumer.startStalledCheckTimer();
    await this.#checking;
    const job = this.#consumer.getNextJob(this.#token, { block });
    const first = await Promise.race([job, this.#closed]);
    if (first !== "closed") return first && this.#taken(first);
    // One that was on its way here is taken by another process; where even that fails its lock runs out.
    void job.then((late) => late?.moveToWait(this.#token)).catch(() => undefined);
    return undefined;
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
