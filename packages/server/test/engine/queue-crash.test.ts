import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import "../../../../examples/cluster/src/tasks.ts";
import {
  bullmqEngine,
  createServer,
  createWorker,
  postgresStorage,
  type RunmetaServer,
} from "../../src/index.ts";
import { CliProcess, callApi } from "../cli/cli-process.ts";
import { temporarySchema, testDatabaseUrl } from "../storage/test-database.ts";
import { testRedisUrl } from "./engine-fixtures.ts";
import { KEY } from "./engine-server.ts";
import { freezingProxy } from "./freezing-proxy.ts";

const EXAMPLE = fileURLToPath(new URL("../../../../examples/cluster", import.meta.url));
const ORDER = { payload: { name: "an order", parcels: 1 } };

const missing = testDatabaseUrl === undefined || testRedisUrl === undefined;

/** A row without its job, and a job without its row: whoever dies between the two. */
describe.skipIf(missing)(
  `a crash between row and job${missing ? " (TEST_DATABASE_URL or TEST_REDIS_URL is not set)" : ""}`,
  () => {
    const redis = new URL(testRedisUrl ?? "redis://127.0.0.1:6379");
    const database = temporarySchema(testDatabaseUrl ?? "");
    const prefix = `crash-${randomBytes(6).toString("hex")}`;
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    let server: RunmetaServer;
    beforeAll(async () => {
      server = await createServer({
        storage: postgresStorage({ connectionString: testDatabaseUrl ?? "", schema: database.schema }),
        engine: bullmqEngine({ redisUrl: testRedisUrl, prefix, leaseMs: 3_000, repairAfterMs: 1_000 }),
        secretKeys: [KEY],
        onError,
      });
      await server.listen({ port: 0 });
    });
    afterAll(async () => {
      await server.close();
      await database.drop();
      expect(errors).toEqual([]);
    });

    async function executedOnce(id: string): Promise<void> {
      const worker = await createWorker({
        ...{ redisUrl: testRedisUrl, prefix, apiUrl: server.url, secretKey: KEY, onError },
        tasks: ["ship-order", "pack-parcel"],
      });
      const run = await server.runs.waitForEnd("prod", id, 20_000);
      await worker.close();
      expect(run).toMatchObject({ status: "COMPLETED", attempt: 1, interruptions: 0 });
      expect(JSON.parse(run?.metadata ?? "")).toMatchObject({ parcels: 1, shipped: 1 });
    }

    test("a server that dies with the row stored and the job on its way: another server adds it", async () => {
      await using proxy = await freezingProxy(Number(redis.port));
      const url = new URL(testDatabaseUrl ?? "");
      url.searchParams.set("options", `-c search_path="${database.schema}"`);
      await using doomed = new CliProcess(
        [
          ...["serve", "--port", "0", "--engine", "bullmq", "--database-url", url.href],
          ...["--redis-url", `redis://127.0.0.1:${proxy.port}`, "--queue-prefix", prefix],
        ],
        { cwd: EXAMPLE, env: { RUNMETA_SECRET_KEYS: KEY } },
      );
      const doomedUrl = await doomed.url();
      const frozen = proxy.freezeAt(`${prefix}:prod.ship-order`);
      const reply = await callApi(doomedUrl, KEY, "POST", "/api/v1/tasks/ship-order/trigger", ORDER);
      expect(reply.status).toBe(200);
      await frozen;
      await doomed.stop("SIGKILL");
      await executedOnce(reply.body.id as string);
    });

    test("a worker that dies with the job taken and the row as it was: another worker begins the run", async () => {
      await using proxy = await freezingProxy(Number(new URL(server.url).port));
      await using doomed = new CliProcess(
        ["worker", "src/tasks.ts", "--redis-url", redis.href, "--queue-prefix", prefix],
        {
          cwd: EXAMPLE,
          env: { TRIGGER_API_URL: `http://127.0.0.1:${proxy.port}`, TRIGGER_SECRET_KEY: KEY },
        },
      );
      await doomed.printed(/worker ready/);
      const frozen = proxy.freezeAt("/start");
      const reply = await callApi(server.url, KEY, "POST", "/api/v1/tasks/ship-order/trigger", ORDER);
      await frozen;
      await doomed.stop("SIGKILL");
      await executedOnce(reply.body.id as string);
    });
  },
);
