import { ServerConfigError } from "../../errors.ts";

/** Where BullMQ keeps its jobs. */
export type QueueConnection =
  | {
      readonly kind: "Redis";
      /** `redis://…` or `rediss://…`. */
      readonly url: string;
      /** In front of all keys. */
      readonly prefix: string;
    }
  | {
      readonly kind: "PostgreSQL";
      /** `postgres://…`. */
      readonly url: string;
      /** Schema of BullMQ's tables; created when it is missing. */
      readonly schema: string;
    };

/** A job as BullMQ gives it; the part that is used. */
export interface BullJob {
  readonly data: unknown;
  moveToCompleted(result: null, token: string, fetchNext: false): Promise<unknown>;
  moveToWait(token: string): Promise<unknown>;
}

/** A BullMQ worker without a processor. */
export interface BullConsumer {
  getNextJob(token: string, options: { block: boolean }): Promise<BullJob | undefined>;
  startStalledCheckTimer(): Promise<void>;
  close(force: boolean): Promise<void>;
}

interface BullProducer {
  addBulk(
    jobs: {
      name: string;
      queueName: string;
      prefix?: string;
      data: unknown;
      opts: { jobId: string; priority: number; removeOnComplete: boolean; removeOnFail: boolean };
    }[],
  ): Promise<unknown>;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
  disconnect(): Promise<void>;
}

/** Both sides of a deployment's queues on one connection, as far as the backend allows. */
export interface ConnectedBullmq {
  readonly producer: BullProducer;
  readonly prefix: string | undefined;
  consume(queue: string): BullConsumer;
  close(): Promise<void>;
}

/** What both backends are connected with. */
export interface ConnectOptions {
  /** Milliseconds for which whoever takes a job has it to himself, and between two looks for those who died with one. */
  readonly holdMs: number;
  onError(error: unknown): void;
}

/**
 * Connects BullMQ to its backend. The packages are looked for only here: who has no queue need not install them.
 *
 * @throws ServerConfigError when they are not installed
 */
export async function connectBullmq(
  connection: QueueConnection,
  options: ConnectOptions,
): Promise<ConnectedBullmq> {
  return connection.kind === "Redis"
    ? await connectRedis(connection, options)
    : await connectPostgres(connection, options);
}

function consumerOptions(holdMs: number) {
  return { autorun: false, lockDuration: holdMs, stalledInterval: holdMs };
}

async function connectRedis(
  { url, prefix }: QueueConnection & { kind: "Redis" },
  { holdMs, onError }: ConnectOptions,
): Promise<ConnectedBullmq> {
  const { FlowProducer, Worker } = await installed(() => import("bullmq"));
  const { Redis } = await installed(() => import("ioredis"));
  // What is sent while Redis is away waits for it.
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  redis.on("error", onError);
  const producer = new FlowProducer({ connection: redis, prefix });
  producer.on("error", onError);
  return {
    producer,
    prefix,
    consume(queue) {
      const worker = new Worker(queue, null, { connection: redis, prefix, ...consumerOptions(holdMs) });
      worker.on("error", (error) => {
        // What it was doing when it was closed.
        if (worker.closing === undefined) onError(error);
      });
      return worker;
    },
    async close() {
      await producer.close().catch(onError);
      redis.disconnect();
    },
  };
}

async function connectPostgres(
  { url, schema }: QueueConnection & { kind: "PostgreSQL" },
  { holdMs, onError }: ConnectOptions,
): Promise<ConnectedBullmq> {
  const { createPostgresBackend, withBackend } = await installed(() => import("bullmq"));
  const { FlowProducer, Worker } = withBackend(createPostgresBackend);
  const connect = (max: number) => ({
    connectionString: url,
    schema,
    max,
    migrate: true,
    application_name: "runmeta queue",
  });
  const producer = new FlowProducer({ connection: connect(2) });
  producer.on("error", onError);
  return {
    producer,
    prefix: undefined,
    consume(queue) {
      const worker = new Worker(queue, null, { connection: connect(1), ...consumerOptions(holdMs) });
      worker.on("error", (error) => {
        // What it was doing when it was closed.
        if (worker.closing === undefined) onError(error);
      });
      return worker;
    },
    close: () => producer.close().catch(onError),
  };
}

async function installed<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new ServerConfigError(
      "The engine bullmq needs two packages that are not installed here: npm install bullmq ioredis",
      { cause },
    );
  }
}
