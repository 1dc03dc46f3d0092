import { randomBytes } from "node:crypto";
import PgBoss from "pg-boss";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporarySchema, testDatabaseUrl } from "../../../server/test/storage/test-database.ts";
import {
  type PgBossHandler,
  type PgBossJob,
  pgBossProcessor,
  pgBossRunId,
} from "../../src/adapters/pg-boss.ts";
import { currentRun, metadata } from "../../src/index.ts";
import { type JobServer, startJobServer } from "./job-server.ts";

if (testDatabaseUrl === undefined)
  process.stderr.write("pg-boss is not tested: TEST_DATABASE_URL is not set\n");

type Job = PgBoss.JobWithMetadata<{ n: number }>;

describe.skipIf(testDatabaseUrl === undefined)("pgBossProcessor", () => {
  const connectionString = testDatabaseUrl ?? "";
  const { schema, drop } = temporarySchema(connectionString);
  let server: JobServer;
  let boss: PgBoss;
  beforeAll(async () => {
    server = await startJobServer();
    boss = new PgBoss({ connectionString, schema });
    boss.on("error", () => {});
    await boss.start();
  });
  afterAll(async () => {
    await boss.stop({ graceful: false, wait: true });
    await drop();
    await server[Symbol.asyncDispose]();
  });

  /** A queue of one test's own, with a worker for it. */
  async function work(
    handler: PgBossHandler<Job, unknown>,
    options: PgBoss.WorkOptions = {},
  ): Promise<string> {
    const name = `q-${randomBytes(4).toString("hex")}`;
    await boss.createQueue(name);
    await boss.work<{ n: number }>(
      name,
      { ...options, pollingIntervalSeconds: 0.5, includeMetadata: true },
      handler,
    );
    return name;
  }

  async function send(name: string, n: number, options: PgBoss.SendOptions = {}): Promise<string> {
    const id = await boss.send(name, { n }, options);
    if (id === null) throw new Error("the job was not added");
    return id;
  }

  async function ended(name: string, id: string) {
    for (;;) {
      const job = await boss.getJobById(name, id);
      if (job?.state === "completed" || job?.state === "failed")
        return { state: job.state, run: await server.run(await pgBossRunId({ name, id })) };
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  it("a job is a run, and a retried one its next attempt; what it returns is the output", async () => {
    const seen: unknown[] = [];
    const name = await work(
      pgBossProcessor(async (job: Job) => {
        seen.push([currentRun()?.attempt, metadata.get("tries")]);
        metadata.increment("tries");
        if (job.retryCount < 1) throw new Error("not yet");
        return { n: job.data.n };
      }),
    );
    const id = await send(name, 7, { retryLimit: 2, retryDelay: 0 });
    const { state, run } = await ended(name, id);
    expect(state).toBe("completed");
    expect(seen).toEqual([
      [1, undefined],
      [2, 1],
    ]);
    expect(run).toMatchObject({
      status: "COMPLETED",
      taskIdentifier: name,
      payload: { n: 7 },
      metadata: { tries: 2 },
      output: { n: 7 },
      attemptCount: 2,
    });
  });

  it("the last attempt that fails ends the run", async () => {
    const name = await work(
      pgBossProcessor(async () => {
        throw new Error("no");
      }),
    );
    const { state, run } = await ended(name, await send(name, 1, { retryLimit: 1, retryDelay: 0 }));
    expect(state).toBe("failed");
    expect(run).toMatchObject({ status: "FAILED", attemptCount: 2, error: { message: "no" } });
  });

  it("the jobs of a batch are runs of their own, and end together as in pg-boss", async () => {
    const name = `q-${randomBytes(4).toString("hex")}`;
    await boss.createQueue(name);
    const ids = await Promise.all([1, 2, 3].map((n) => send(name, n, { retryLimit: 1, retryDelay: 0 })));
    let failed = false;
    await boss.work<{ n: number }>(
      name,
      { batchSize: 10, pollingIntervalSeconds: 0.5, includeMetadata: true },
      pgBossProcessor(async (job: Job) => {
        metadata.set("n", job.data.n).increment("tries");
        if (job.data.n === 2 && !failed) {
          failed = true;
          throw new Error("one of three");
        }
        return job.data.n;
      }),
    );
    const all = await Promise.all(ids.map((id) => ended(name, id)));
    expect(all.map(({ state }) => state)).toEqual(["completed", "completed", "completed"]);
    expect(all.map(({ run }) => [run.metadata, run.attemptCount, run.output])).toEqual(
      [1, 2, 3].map((n) => [{ n, tries: 2 }, 2, n]),
    );
  });

  it("without includeMetadata the handler says what is missing", async () => {
    const handler = pgBossProcessor(async () => "unreached");
    const job = { id: "1", name: "emails", data: {}, expireInSeconds: 1 } as unknown as PgBossJob;
    await expect(handler([job])).rejects.toMatchObject({
      name: "ConfigError",
      message: expect.stringContaining('queue "emails" needs the option includeMetadata: true'),
    });
  });
});
