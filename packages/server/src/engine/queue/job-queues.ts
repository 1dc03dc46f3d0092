import { ServerConfigError } from "../../errors.ts";
import { connectBullmq, type QueueConnection } from "./connect-bullmq.ts";
import { JobConsumer } from "./job-consumer.ts";

export type { QueueConnection } from "./connect-bullmq.ts";

/** What a job says: which attempt of which run is due. The run's row is the truth; a job that it does not fit is dropped. */
export interface RunJob {
  readonly runId: string;
  readonly environment: string;
  readonly task: string;
  /** The attempt that is to begin, from 1. */
  readonly attempt: number;
  /** Higher ones go first. */
  readonly priority: number;
}

/** BullMQ knows priorities from 1 (first) to 2^21 - 1. */
const MIDDLE_PRIORITY = 2 ** 20;

/** A job is held for as long as it takes to begin a run; the rest is the row's business. */
const HOLD_MS = 10_000;

/** How long a queue that cannot be reached is waited for at a start. */
const READY_MS = 10_000;

/** The BullMQ queues of a deployment, one for each task of an environment, so that workers take only what they can execute. */
export class JobQueues {
  readonly #connected: Awaited<ReturnType<typeof connectBullmq>>;

  private constructor(connected: Awaited<ReturnType<typeof connectBullmq>>) {
    this.#connected = connected;
  }

  /**
   * @throws ServerConfigError when the packages are not installed, or the queue cannot be reached
   */
  static async open(
    connection: QueueConnection,
    onError: (error: unknown) => void,
    holdMs = HOLD_MS,
  ): Promise<JobQueues> {
    const connected = await connectBullmq(connection, { holdMs, onError });
    try {
      await within(READY_MS, connected.producer.waitUntilReady());
    } catch (cause) {
      await connected.close();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ServerConfigError(
        `The queue of the engine bullmq cannot be used (${connection.kind}): ${reason}`,
        {
          cause,
        },
      );
    }
    return new JobQueues(connected);
  }

  /** Adds jobs; one that is there already stays as it is, so that saying it twice does no harm. */
  async add(jobs: readonly RunJob[]): Promise<void> {
    if (jobs.length === 0) return;
    const { producer, prefix } = this.#connected;
    await producer.addBulk(
      jobs.map(({ runId, environment, task, attempt, priority }) => ({
        name: "run",
        queueName: queueName(environment, task),
        ...(prefix === undefined ? {} : { prefix }),
        data: { runId, attempt },
        opts: {
          jobId: `${runId}-${attempt}`,
          priority: Math.min(Math.max(1, MIDDLE_PRIORITY - Math.round(priority)), 2 * MIDDLE_PRIORITY - 1),
          removeOnComplete: true,
          removeOnFail: true,
        },
      })),
    );
  }

  /** Takes jobs of one task. */
  consume(environment: string, task: string): JobConsumer {
    return new JobConsumer(this.#connected.consume(queueName(environment, task)));
  }

  async close(): Promise<void> {
    await this.#connected.close();
  }
}

/** BullMQ refuses a colon; a percent-encoded name has none. */
function queueName(environment: string, task: string): string {
  return `${environment}.${encodeURIComponent(task)}`;
}

async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
