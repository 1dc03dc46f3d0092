import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "../../src/storage/migrate.ts";
import { migrations } from "../../src/storage/migrations/migrations.ts";
import type { SqlClient } from "../../src/storage/sql-client.ts";
import { sqlStorage } from "../../src/storage/sql-storage.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";
import { type EmptyDatabase, eachDatabase } from "./each-database.ts";
import { tableNames } from "./named-runs.ts";

/** The schema of the first servers that people had. */
const FIRST_SCHEMA = 8;
/** More documents than one look of the index takes as one group. */
const MANY = 450;

const RUN_COLUMNS =
  "id, environment, task, engine, status, payload, initial_metadata, output, tags, parent_id, root_id, depth, batch_id, idempotency_key, idempotency_key_expires_at, attempt, holder, heartbeat_at, claim_order_at, trigger_function, created_at, updated_at, started_at, finished_at";

/** Rows as schema 8 had them, in every table. */
const ROWS = [
  `INSERT INTO runs (${RUN_COLUMNS}) VALUES
   ('run_ended', 'dev', 'hello', 'none', 'COMPLETED', '["application/json","{\\"n\\":1}"]', '{"from":"trigger"}',
     '["application/json","\\"done\\""]', '{old}', NULL, NULL, 0, 'batch_old', 'hash', now() + interval '1 day', 1, NULL, NULL,
     now() - interval '40 days', 'trigger', now() - interval '40 days', now() - interval '40 days', now() - interval '40 days', now() - interval '40 days'),
   ('run_executing', 'dev', 'hello', 'none', 'EXECUTING', '["application/json","{}"]', NULL, NULL, '{}', NULL, NULL, 0, NULL, NULL, NULL,
     1, 'worker', now(), now(), 'trigger', now() - interval '1 hour', now(), now(), NULL),
   ('run_child', 'dev', 'hello', 'none', 'QUEUED', '["application/json","{}"]', '{"from":"trigger"}', NULL, '{}', 'run_executing', 'run_executing', 1,
     NULL, NULL, NULL, 0, NULL, NULL, now(), 'trigger', now(), now(), NULL, NULL)`,
  `INSERT INTO run_documents (id, metadata, dedupe, version, updated_at) VALUES
   ('run_ended', '{"step":3,"lone":"\\ud800"}', '{}', 3, now() - interval '40 days'),
   ('run_executing', '{"step":1}', '{}', 1, now()), ('run_child', '{"from":"trigger"}', '{}', 0, now())`,
  `INSERT INTO runs (${RUN_COLUMNS}) SELECT 'run_many_' || n, 'dev', 'many', 'none', 'QUEUED', '["application/json","{}"]', NULL, NULL, '{}',
     NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, NULL, now(), 'trigger', now(), now(), NULL, NULL FROM generate_series(1, ${MANY}) n`,
  `INSERT INTO run_documents (id, metadata, dedupe, version, updated_at)
   SELECT 'run_many_' || n, '{"many":' || n || '}', '{}', 1, now() FROM generate_series(1, ${MANY}) n`,
  "INSERT INTO batches VALUES ('batch_old', 'dev', 1, NULL, false, NULL, true, now(), now(), NULL)",
  "INSERT INTO batch_items VALUES ('batch_old', 0, 'run_ended')",
  `INSERT INTO sessions VALUES ('session_old', 'dev', 'mine', 'chat', 'hello', '{"basePayload":{}}', 'run_executing', '{}', '{"topic":"x"}',
     NULL, NULL, NULL, now(), now())`,
  `INSERT INTO records (environment, id, type, name, metadata, create_key, update_key)
   VALUES ('dev', 'record_old', 'note', 'first', '{"a":1}', 'key', 'key')`,
  "INSERT INTO packets VALUES ('packet_o1d0o1d0o1d0o1d0o1d0o1d0x', 'dev', '[\"application/json\",\"5\"]', now() + interval '1 hour')",
  "INSERT INTO api_keys VALUES ('000000000000', 'dev', false, '', now(), now())",
];

async function fillFirstSchema(client: SqlClient): Promise<void> {
  await migrate(
    client,
    migrations.filter(({ number }) => number <= FIRST_SCHEMA),
  );
  for (const text of ROWS) await client.query(text);
  for (const table of await tableNames(client)) {
    const { rows } = await client.query(`SELECT FROM "${table}" LIMIT 1`);
    expect(rows, table).toHaveLength(1);
  }
}

eachDatabase(`a database of schema ${FIRST_SCHEMA} with rows, opened with today's`, (open) => {
  let database: EmptyDatabase;
  let api: TestServer;
  beforeAll(async () => {
    database = await open();
    await fillFirstSchema(database.client);
    api = await startTestServer({ storage: sqlStorage(async () => database.connect()) });
  });
  afterAll(async () => {
    expect(api?.errors).toEqual([]);
    await api?.server.close();
    await database?.[Symbol.asyncDispose]();
  });

  const get = async (path: string) => {
    const answer = await api.call("GET", path);
    expect(answer.status, answer.text).toBe(200);
    return answer.body;
  };
  const history = (id: string) => get(`/api/v1/runs/${id}/metadata/history`);

  test("D6 runs, batches, sessions and records are there as they were", async () => {
    expect((await get("/api/v1/runs?filter[taskIdentifier]=hello")).data).toMatchObject([
      { id: "run_child", status: "QUEUED" },
      { id: "run_executing", status: "EXECUTING" },
      { id: "run_ended", status: "COMPLETED", tags: ["old"] },
    ]);
    expect(await get("/api/v3/runs/run_ended")).toMatchObject({
      ...{ status: "COMPLETED", payload: { n: 1 }, output: "done", batchId: "batch_old" },
      metadata: { step: 3, lone: "\ud800" },
    });
    expect((await get("/api/v3/runs/run_executing")).relatedRuns.children).toMatchObject([
      { id: "run_child" },
    ]);
    expect(await get("/api/v2/batches/batch_old")).toMatchObject({
      status: "COMPLETED",
      runs: ["run_ended"],
    });
    expect(await get("/api/v1/sessions/mine")).toMatchObject({
      ...{ id: "session_old", currentRunId: "run_executing", metadata: { topic: "x" } },
    });
    expect(await get("/v1/records/record_old")).toMatchObject({ name: "first", metadata: { a: 1 } });
    expect(await api.trigger({ idempotencyKey: "hash" })).toBe("run_ended");
  });

  test("D6 a history begins with the document that was there", async () => {
    expect(await history("run_ended")).toMatchObject({
      base: { version: 3, document: { step: 3, lone: "\ud800" } },
      changes: [],
    });
    expect(await history("run_child")).toMatchObject({
      base: { version: 0, document: { from: "trigger" } },
      changes: [],
    });
    const operations = [{ type: "set", key: "step", value: 2 }];
    const parentOperations = [{ type: "increment", key: "children", value: 1 }];
    for (const id of ["run_executing", "run_child"]) {
      const body = id === "run_child" ? { operations, parentOperations } : { operations };
      const answer = await api.call("PUT", `/api/v1/runs/${id}/metadata`, body);
      expect(answer.status).toBe(200);
    }
    expect((await get("/api/v3/runs/run_executing")).metadata).toEqual({ step: 2, children: 1 });
    expect((await get("/api/v3/runs/run_child")).metadata).toEqual({ from: "trigger", step: 2 });
    expect(await history("run_executing")).toMatchObject({
      base: { version: 1, document: { step: 1 } },
      changes: [{ version: 2, operations }, { version: 3 }],
    });
    expect((await history("run_child")).changes).toMatchObject([{ version: 1, operations }]);
  });

  test("D6 old runs are found by their documents", async () => {
    const find = async (filter: string) =>
      (await get(`/api/v1/runs?filter[metadata][${filter}`)).data.map((run: { id: string }) => run.id);
    await expect.poll(() => find(`many]=${MANY}`)).toEqual([`run_many_${MANY}`]);
    for (const n of [1, 200, 201, 400]) expect(await find(`many]=${n}`)).toEqual([`run_many_${n}`]);
    expect(await find("step]=3")).toEqual(["run_ended"]);
    const { client } = database;
    await expect.poll(async () => (await client.query("SELECT FROM changed_documents")).rows).toEqual([]);
  });

  test("D6 a run that was executing goes on, with a stream of its own, and ends", async () => {
    const append = await api.call("POST", "/realtime/v1/streams/run_executing/self/words/append", "hello");
    expect(append.status, append.text).toBe(200);
    expect((await get("/api/v3/runs/run_executing")).status).toBe("EXECUTING");
    const end = { attempt: 1, holder: "worker", ok: true, output: 1 };
    expect((await api.call("POST", "/engine/v1/runs/run_executing/complete", end)).status).toBe(200);
    expect((await get("/api/v3/runs/run_executing")).status).toBe("COMPLETED");
    const upload = await api.call("POST", "/api/v1/tasks/hello/trigger", {
      ...{ payload: "packet_o1d0o1d0o1d0o1d0o1d0o1d0x", options: { payloadType: "application/store" } },
    });
    expect(upload.status, upload.text).toBe(200);
    expect((await get(`/api/v3/runs/${upload.body.id}`)).payload).toBe(5);
  });
});
