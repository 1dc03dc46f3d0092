import { randomBytes } from "node:crypto";
import { type Job, type JobsOptions, Queue, QueueEvents, Worker, type WorkerOptions } from "bullmq";
import { type BullmqProcessor, bullmqRunId } from "../../src/adapters/bullmq.ts";

/** The Redis that the tests may use; undefined: those tests are skipped. */
export const testRedisUrl = process.env.TEST_REDIS_URL;

if (testRedisUrl === undefined) {
  process.stderr.write("BullMQ is not tested: TEST_REDIS_URL is not set\n");
}

/** A queue of one test's own, and its workers. */
export class TestQueue implements AsyncDisposable {
  readonly name = `runmeta-test-${randomBytes(6).toString("hex")}`;
  readonly connection = connectionOf(testRedisUrl ?? "redis://127.0.0.1:6379");
  readonly queue = new Queue(this.name, { connection: this.connection });
  readonly #events = new QueueEvents(this.name, { connection: this.connection });
  readonly #workers: Worker[] = [];

  worker(processor: BullmqProcessor<Job, unknown> | string, options: Partial<WorkerOptions> = {}): Worker {
    const worker = new Worker(this.name, processor, {
      connection: this.connection,
      // Closing a worker waits for its stalled check and its blocking call.
      drainDelay: 1,
      ...options,
    });
    worker.on("error", () => {});
    this.#workers.push(worker);
    return worker;
  }

  /** Adds a job, waits for its end (`ok: false` when it failed for good), and tells its run's id. */
  async execute(
    data: unknown,
    options?: JobsOptions,
  ): Promise<{ ok: boolean; value: unknown; runId: string }> {
    await this.#events.waitUntilReady();
    const job = await this.queue.add("work", data, options);
    return { ...(await this.end(job)), runId: await bullmqRunId(withId(job)) };
  }

  async end(job: Job): Promise<{ ok: boolean; value: unknown }> {
    await this.#events.waitUntilReady();
    return job.waitUntilFinished(this.#events).then(
      (value: unknown) => ({ ok: true, value }),
      (error: Error) => ({ ok: false, value: error.message }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close(true)));
    await this.#events.close();
    await this.queue.obliterate({ force: true });
    await this.queue.close();
  }
}

/** A job that was added has an id. */
export function withId(job: Job): Job & { id: string } {
  if (job.id === undefined) throw new Error("the job has no id");
  return job as Job & { id: string };
}

function connectionOf(url: string) {
  const { hostname, port, username, password } = new URL(url);
  return {
    host: hostname,
    port: Number(port || 6379),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    maxRetriesPerRequest: null,
  };
}
