import { randomBytes } from "node:crypto";
import { configure } from "@runmeta/runtime";
import { Client } from "pg";
import type { QueueLocation } from "../../src/engine/queue/queue-location.ts";
import { bullmqEngine, createServer, createWorker, inlineEngine, postgresStorage } from "../../src/index.ts";
import { pgliteStorage } from "../../src/storage/pglite-storage.ts";
import type { RunRow } from "../../src/storage/storage.ts";
import { temporarySchema, testDatabaseUrl } from "../storage/test-database.ts";
import { KEY } from "./engine-server.ts";

/** The Redis that tests may use; undefined: those tests are skipped. */
export const testRedisUrl = process.env.TEST_REDIS_URL;

/** A server whose engine executes the tasks of this process, with `configure` pointing to it. */
export interface EngineFixture {
  readonly errors: unknown[];
  find(id: string): Promise<RunRow>;
  /** The run once it has ended. */
  ended(id: string): Promise<RunRow>;
  /** Resolves when the run has that status. */
  reached(id: string, status: RunRow["status"]): Promise<RunRow>;
  /** Resolves when so many runs were told that their queue is full; at once where an engine does not ask for places. */
  waitForPlaces(count: number): Promise<void>;
  document(id: string): Promise<Record<string, unknown>>;
  /** Whoever executes runs goes, as at a deployment, and comes back; where there are several, one after the other. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Runs that each process may execute at once. */
export const CONCURRENCY = 3;

/** How an engine is made for a test; undefined where what it needs is not there. */
export interface EngineUnderTest {
  readonly name: string;
  readonly missing: string | undefined;
  /** For the tasks of these ids. */
  create(tasks: readonly string[]): Promise<EngineFixture>;
}

const noDatabase = testDatabaseUrl === undefined ? "TEST_DATABASE_URL is not set" : undefined;
const noRedis = testRedisUrl === undefined ? "TEST_REDIS_URL is not set" : undefined;

/** Every engine on every backend. */
export const engines: readonly EngineUnderTest[] = [
  {
    name: "inline on PGlite",
    missing: undefined,
    create: () => inlineFixture(pgliteStorage({}), async () => undefined),
  },
  {
    name: "inline on PostgreSQL",
    missing: noDatabase,
    async create() {
      const { schema, drop } = temporarySchema(testDatabaseUrl ?? "");
      return await inlineFixture(storageIn(schema), drop);
    },
  },
  {
    name: "bullmq on Redis",
    missing: noDatabase ?? noRedis,
    create: (tasks) => {
      const prefix = `test-${randomBytes(6).toString("hex")}`;
      return queueFixture(tasks, { redisUrl: testRedisUrl, prefix }, async () => undefined);
    },
  },
  {
    name: "bullmq on PostgreSQL",
    missing: noDatabase,
    async create(tasks) {
      const { schema, drop } = temporarySchema(testDatabaseUrl ?? "");
      return await queueFixture(tasks, { databaseUrl: testDatabaseUrl, schema }, drop);
    },
  },
];

function storageIn(schema: string) {
  return postgresStorage({ connectionString: testDatabaseUrl ?? "", schema, maxConnections: 4 });
}

async function inlineFixture(
  storage: ReturnType<typeof pgliteStorage>,
  drop: () => Promise<void>,
): Promise<EngineFixture> {
  const errors: unknown[] = [];
  const start = () =>
    createServer({
      storage,
      engine: inlineEngine({ concurrency: CONCURRENCY }),
      secretKeys: [KEY],
      drainTimeoutMs: 0,
      onError: (error) => errors.push(error),
    });
  let server = await start();
  configure({ baseURL: "http://localhost", accessToken: KEY, fetch: (request) => server.fetch(request) });
  return {
    ...reader(() => server, errors),
    waitForPlaces: async () => undefined,
    async restart() {
      // A database in memory has nothing to restart from.
      if (storage.exclusive) return;
      await server.close();
      server = await start();
    },
    async close() {
      await server.close();
      await drop();
    },
  };
}

async function queueFixture(
  tasks: readonly string[],
  queue: QueueLocation,
  drop: () => Promise<void>,
): Promise<EngineFixture> {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const database = temporarySchema(testDatabaseUrl ?? "");
  const server = await createServer({
    storage: storageIn(database.schema),
    engine: bullmqEngine({ ...queue, leaseMs: 3_000, repairAfterMs: 1_000 }),
    secretKeys: [KEY],
    onError,
  });
  await server.listen({ port: 0 });
  const startWorker = () =>
    createWorker({
      ...queue,
      apiUrl: server.url,
      secretKey: KEY,
      tasks,
      concurrency: CONCURRENCY,
      heartbeatMs: 200,
      onError,
    });
  const workers = [await startWorker(), await startWorker()];
  configure({ baseURL: server.url, accessToken: KEY });
  return {
    ...reader(() => server, errors),
    async waitForPlaces(count) {
      const client = new Client({
        connectionString: testDatabaseUrl,
        options: `-c search_path="${database.schema}"`,
      });
      await client.connect();
      const parked = async () =>
        (await client.query("SELECT FROM runs WHERE status = 'QUEUED' AND parked")).rowCount ?? 0;
      while ((await parked()) < count) await client.query("SELECT pg_sleep(0.02)");
      await client.end();
    },
    async restart() {
      for (const worker of workers.splice(0)) {
        workers.push(await startWorker());
        await worker.close({ timeoutMs: 0 });
      }
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.close({ timeoutMs: 0 })));
      await server.close();
      await database.drop();
      await drop();
    },
  };
}

function reader(server: () => Awaited<ReturnType<typeof createServer>>, errors: unknown[]) {
  const find = async (id: string) => {
    const run = await server().runs.find("prod", id);
    if (run === undefined) throw new Error(`no run ${id}`);
    return run;
  };
  return {
    errors,
    find,
    async ended(id: string) {
      const run = await server().runs.waitForEnd("prod", id, 30_000);
      if (run === undefined) throw new Error(`no run ${id}`);
      return run;
    },
    async reached(id: string, status: RunRow["status"]) {
      for (;;) {
        const changed = new Promise<void>((resolve) => {
          const end = server().runs.onRunChanged((ids) => {
            if (!ids.includes(id)) return;
            end();
            resolve();
          });
        });
        const run = await find(id);
        if (run.status === status) return run;
        await changed;
      }
    },
    async document(id: string) {
      return JSON.parse((await find(id)).metadata) as Record<string, unknown>;
    },
  };
}
