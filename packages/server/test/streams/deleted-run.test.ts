import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { prune } from "../../src/service/prune.ts";
import { postgresStorage } from "../../src/storage/postgres-storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";
import { testStorage } from "../server/test-storage.ts";
import { newRun } from "../storage/new-run.ts";
import { temporarySchema, testDatabaseUrl } from "../storage/test-database.ts";

const STEPS = ["createStream", "openStreamWriter", "appendChunks"] as const;
type Step = (typeof STEPS)[number];

/** Deletes a run as a retention does. */
async function erase(storage: Storage, id: string): Promise<void> {
  const change = { status: "COMPLETED", finishedAt: new Date(0) } as const;
  await storage.transitionRun({ id, from: ["QUEUED"], change });
  await prune({ storage, before: new Date(1) });
}

const storage = testStorage();
/** Just before it a run is deleted. */
let fatal: Step | undefined;
let api: TestServer;
beforeAll(async () => {
  const erasingBefore = (step: Step) => {
    const act = storage[step] as (...parameters: unknown[]) => Promise<unknown>;
    return async (first: string | { runId: string }, ...rest: unknown[]) => {
      if (step === fatal) await erase(storage, typeof first === "string" ? first : first.runId);
      return await act(first, ...rest);
    };
  };
  const [createStream, openStreamWriter, appendChunks] = STEPS.map(erasingBefore);
  api = await startTestServer({
    storage: { ...storage, createStream, openStreamWriter, appendChunks } as Storage,
  });
});
afterAll(async () => {
  await api.server.close();
  expect(api.errors).toEqual([]);
});

const requests = {
  "PUT …/words": { method: "PUT", rest: "", body: undefined },
  "POST …/words": { method: "POST", rest: "", body: "1\n" },
  "POST …/words/append": { method: "POST", rest: "/append", body: "text" },
};

test.each<[keyof typeof requests, Step]>([
  ["PUT …/words", "createStream"],
  ["POST …/words", "createStream"],
  ["POST …/words", "openStreamWriter"],
  ["POST …/words", "appendChunks"],
  ["POST …/words/append", "createStream"],
  ["POST …/words/append", "openStreamWriter"],
  ["POST …/words/append", "appendChunks"],
])("%s is 404 when the run is deleted just before %s", async (request, step) => {
  fatal = step;
  const { method, rest, body } = requests[request];
  const id = await api.trigger();
  const reply = await api.call(method, `/realtime/v1/streams/${id}/self/words${rest}`, body);
  expect([reply.status, reply.body, reply.headers.get("x-should-retry")]).toEqual([
    404,
    { error: "Run not found" },
    "false",
  ]);
});

describe.skipIf(testDatabaseUrl === undefined)(
  `on PostgreSQL${testDatabaseUrl === undefined ? " (TEST_DATABASE_URL is not set)" : ""}`,
  () => {
    test("whoever makes or opens a stream waits for the deletion under way, and finds no run", async () => {
      const connectionString = testDatabaseUrl ?? "";
      const { schema, drop } = temporarySchema(connectionString);
      const postgres = postgresStorage({ connectionString, schema });
      await postgres.open();
      const connect = async () => {
        const client = new Client({ connectionString, options: `-c search_path="${schema}"` });
        await client.connect();
        return client;
      };
      const [deleter, watcher] = [await connect(), await connect()];
      const run = newRun();
      await postgres.insertRuns([run]);
      await postgres.createStream(run.id, "words", 9);

      await deleter.query("BEGIN");
      await deleter.query("DELETE FROM runs WHERE id = $1", [run.id]);
      const created = postgres.createStream(run.id, "more", 9);
      const opened = postgres.openStreamWriter({ runId: run.id, key: "words", client: "c" });
      const waiting = async () =>
        (await watcher.query("SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() <> pid"))
          .rowCount ?? 0;
      while ((await waiting()) < 2) await watcher.query("SELECT pg_sleep(0.02)");
      await deleter.query("COMMIT");

      expect(await created).toBe("no such run");
      expect(await opened).toBeUndefined();
      await deleter.end();
      await watcher.end();
      await postgres.close();
      await drop();
    });
  },
);
