import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { bullmqEngine, createServer, postgresStorage } from "../../src/index.ts";
import { temporarySchema, testDatabaseUrl } from "../storage/test-database.ts";
import { testRedisUrl } from "./engine-fixtures.ts";
import { gate, KEY } from "./engine-server.ts";

const missing = testDatabaseUrl === undefined || testRedisUrl === undefined;

test.skipIf(missing)("a repair that is under way when the server closes is waited for", async () => {
  const { schema, drop } = temporarySchema(testDatabaseUrl ?? "");
  const storage = postgresStorage({ connectionString: testDatabaseUrl ?? "", schema });
  const [repairing, goOn] = [gate(), gate()];
  const events: string[] = [];
  const errors: unknown[] = [];
  const server = await createServer({
    storage: {
      ...storage,
      async wakeParkedRuns(...parameters) {
        repairing.open();
        await goOn.opened;
        const woken = await storage.wakeParkedRuns(...parameters);
        events.push("repaired");
        return woken;
      },
      async close() {
        events.push("closed");
        await storage.close();
      },
    },
    engine: bullmqEngine({
      redisUrl: testRedisUrl,
      prefix: `stop-${randomBytes(6).toString("hex")}`,
      repairAfterMs: 1_000,
    }),
    secretKeys: [KEY],
    onError: (error) => errors.push(error),
  });
  await repairing.opened;
  const closed = server.close();
  goOn.open();
  await closed;
  await drop();
  expect(events).toEqual(["repaired", "closed"]);
  expect(errors).toEqual([]);
});
