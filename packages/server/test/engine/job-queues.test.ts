import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { JobConsumer, TakenJob } from "../../src/engine/queue/job-consumer.ts";
import { JobQueues, type QueueConnection } from "../../src/engine/queue/job-queues.ts";
import { temporarySchema, testDatabaseUrl } from "../storage/test-database.ts";
import { testRedisUrl } from "./engine-fixtures.ts";

/** Short enough to wait for; what is asserted is who gets a job, never when. */
const HOLD_MS = 300;

const job = { runId: "run_1", environment: "dev", task: "pack", attempt: 2, priority: 0 };

const backends = [
  {
    name: "Redis",
    missing: testRedisUrl === undefined ? "TEST_REDIS_URL" : undefined,
    open: () => ({
      connection: {
        kind: "Redis",
        url: testRedisUrl ?? "",
        prefix: `jobs-${randomBytes(6).toString("hex")}`,
      } satisfies QueueConnection,
      drop: async () => undefined,
    }),
  },
  {
    name: "PostgreSQL",
    missing: testDatabaseUrl === undefined ? "TEST_DATABASE_URL" : undefined,
    open: () => {
      const { schema, drop } = temporarySchema(testDatabaseUrl ?? "");
      return {
        connection: { kind: "PostgreSQL", url: testDatabaseUrl ?? "", schema } satisfies QueueConnection,
        drop,
      };
    },
  },
];

/** Looks until there is one. */
async function nextJob(consumer: JobConsumer): Promise<TakenJob> {
  for (;;) {
    const taken = await consumer.next();
    if (taken !== undefined) return taken;
  }
}

for (const { name, missing, open } of backends) {
  describe.skipIf(missing !== undefined)(
    `jobs of whoever died with them on ${name}${missing === undefined ? "" : ` (${missing} is not set)`}`,
    () => {
      test("go to another worker, however often that happens; adding them again changes nothing", async () => {
        const { connection, drop } = open();
        const errors: unknown[] = [];
        const connect = () => JobQueues.open(connection, (error) => errors.push(error), HOLD_MS);
        const server = await connect();
        await server.add([job]);
        const workers: { queues: JobQueues; jobs: JobConsumer }[] = [];
        for (let count = 0; count < 4; count++) {
          const queues = await connect();
          const jobs = queues.consume(job.environment, job.task);
          workers.push({ queues, jobs });
          const taken = await nextJob(jobs);
          expect(taken).toMatchObject({ runId: job.runId, attempt: job.attempt });
          await server.add([job]);
          if (count < 3) await jobs.close();
          else await taken.done();
        }
        // What is done is done: now the same attempt may be added again, as after a repair.
        await server.add([job]);
        expect(await workers.at(-1)?.jobs.now()).toMatchObject({ runId: job.runId });
        for (const { queues, jobs } of workers) {
          await jobs.close();
          await queues.close();
        }
        await server.close();
        await drop();
        expect(errors).toEqual([]);
      });
    },
  );
}
