import { randomBytes } from "node:crypto";
import {
  bullmqEngine,
  type Engine,
  inlineEngine,
  noEngine,
  pgliteStorage,
  postgresStorage,
  type Storage,
} from "@runmeta/server";
import { Redis } from "ioredis";
import { temporarySchema, testDatabaseUrl } from "../../packages/server/test/storage/test-database.ts";

/** Where a server and its workers find each other's jobs. */
export type QueuePlace =
  | { readonly redisUrl: string; readonly prefix: string }
  | { readonly databaseUrl: string; readonly schema: string };

/** An empty database of its own, what executes runs, and how to remove both. */
export interface OpenBackend {
  readonly storage: Storage;
  readonly engine: Engine;
  /** For workers; undefined: the server executes by itself. */
  readonly queue: QueuePlace | undefined;
  drop(): Promise<void>;
}

/** What conformance tests run on. */
export interface Backend {
  readonly name: string;
  /** The variable without which the machine does not have it. */
  readonly missing: string | undefined;
  open(): OpenBackend;
}

const testRedisUrl = process.env.TEST_REDIS_URL;
const noDatabase = testDatabaseUrl === undefined ? "TEST_DATABASE_URL" : undefined;
const noRedis = testRedisUrl === undefined ? "TEST_REDIS_URL" : undefined;

/** Every database; nobody executes runs but tests that play a worker. */
export const databases: readonly Backend[] = [
  { name: "PGlite", missing: undefined, open: () => pglite(noEngine()) },
  { name: "PostgreSQL", missing: noDatabase, open: () => postgres(noEngine()) },
];

/** Every engine that executes runs in the server's process. */
export const inline: readonly Backend[] = [
  { name: "PGlite, inlineEngine", missing: undefined, open: () => pglite(inlineEngine()) },
  { name: "PostgreSQL, inlineEngine", missing: noDatabase, open: () => postgres(inlineEngine()) },
];

/** Every engine whose runs are executed by workers. */
export const queues: readonly Backend[] = [
  { name: "PostgreSQL, bullmqEngine on Redis", missing: noDatabase ?? noRedis, open: onRedis },
  { name: "PostgreSQL, bullmqEngine on PostgreSQL", missing: noDatabase, open: onPostgres },
];

function pglite(engine: Engine): OpenBackend {
  return { storage: pgliteStorage({}), engine, queue: undefined, drop: async () => undefined };
}

function postgres(engine: Engine, queue?: QueuePlace): OpenBackend {
  const connectionString = testDatabaseUrl ?? "";
  const { schema, drop } = temporarySchema(connectionString);
  const storage = postgresStorage({ connectionString, schema, maxConnections: 4 });
  return { storage, engine, queue, drop };
}

function onRedis(): OpenBackend {
  const redisUrl = testRedisUrl ?? "";
  const queue = { redisUrl, prefix: `conformance-${randomBytes(6).toString("hex")}` };
  const database = postgres(bullmqEngine(queue), queue);
  return {
    ...database,
    async drop() {
      await database.drop();
      const redis = new Redis(redisUrl);
      const keys = await redis.keys(`${queue.prefix}:*`);
      if (keys.length > 0) await redis.unlink(keys);
      redis.disconnect();
    },
  };
}

function onPostgres(): OpenBackend {
  const databaseUrl = testDatabaseUrl ?? "";
  const { schema, drop } = temporarySchema(databaseUrl);
  const queue = { databaseUrl, schema };
  const database = postgres(bullmqEngine(queue), queue);
  return {
    ...database,
    async drop() {
      await database.drop();
      await drop();
    },
  };
}
