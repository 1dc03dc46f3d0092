import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgresStorage } from "../../src/index.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { migrations } from "../../src/storage/migrations/migrations.ts";
import { postgresClient } from "../../src/storage/postgres-client.ts";
import { type Answer, startTestServer, type TestServer } from "../server/test-server.ts";
import { type PostgresCluster, postgresCluster, postgresPrograms } from "./postgres-cluster.ts";
import { testDatabaseUrl } from "./test-database.ts";

const WRITERS = 4;
const programs = testDatabaseUrl === undefined ? undefined : await postgresPrograms();
const reason =
  testDatabaseUrl === undefined ? " (TEST_DATABASE_URL is not set)" : programs ? "" : " (no initdb here)";

describe.skipIf(programs === undefined)(`a PostgreSQL that restarts${reason}`, () => {
  let cluster: PostgresCluster;
  beforeAll(async () => {
    cluster = await postgresCluster(programs ?? "");
  }, 120_000);
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  /** A server on a schema of its own; whatever it met, it was that storage was away. */
  async function withServer(schema: string, use: (api: TestServer) => Promise<void>): Promise<void> {
    const { connectionString } = cluster;
    const api = await startTestServer({ storage: postgresStorage({ connectionString, schema }) });
    try {
      await use(api);
      expect(new Set(api.errors.map((error) => (error as { code?: unknown }).code))).toEqual(
        new Set(api.errors.length === 0 ? [] : ["STORAGE_UNAVAILABLE"]),
      );
    } finally {
      await api.server.close();
    }
  }

  const increment = (api: TestServer, id: string, key: string, request: string) =>
    api.call(
      "PUT",
      `/api/v1/runs/${id}/metadata`,
      { operations: [{ type: "increment", key, value: 1 }] },
      { "x-trigger-request-idempotency-key": request },
    );
  const count = async (api: TestServer, id: string) =>
    (await api.call("GET", `/api/v1/runs/${id}/metadata`)).body.metadata;
  function expectAway(answer: Answer): void {
    expect([answer.status, Number(answer.headers.get("retry-after")) > 0]).toEqual([503, true]);
  }

  test("D5 while it is away everything is 503 with Retry-After, and nothing is taken on", () =>
    withServer("away", async (api) => {
      const id = await api.trigger();
      expect((await increment(api, id, "n", "writer.1")).status).toBe(200);
      await cluster.stop("fast");
      try {
        const answers = await Promise.all([
          increment(api, id, "n", "writer.2"),
          increment(api, id, "n", "writer.2"),
          api.call("GET", `/api/v3/runs/${id}`),
          api.call("POST", "/api/v1/tasks/hello/trigger", {}),
          api.call("POST", "/api/v3/batches", { runCount: 1 }),
          api.call("POST", "/v1/records", { id: "rec_away", name: "n", type: "t" }),
          api.call("GET", "/api/v1/sessions"),
        ]);
        for (const answer of answers) expectAway(answer);
      } finally {
        await cluster.start();
      }
      expect(await count(api, id)).toEqual({ n: 1 });
      expect((await increment(api, id, "n", "writer.2")).body).toEqual({ metadata: { n: 2 } });
      expect((await increment(api, id, "n", "writer.2")).body).toEqual({ metadata: { n: 2 } });
      expect((await api.call("GET", "/api/v1/runs")).body.data).toHaveLength(1);
      expect((await api.call("GET", "/v1/records/rec_away")).status).toBe(404);
    }));

  test("D5 a crash under load: what was acknowledged is there, and there once", () =>
    withServer("crash", async (api) => {
      const id = await api.trigger();
      const acknowledged = Array.from({ length: WRITERS }, () => 0);
      let over = false;
      let wake: () => void = () => undefined;
      const writing = acknowledged.map(async (_, writer) => {
        while (!over) {
          const answer = await increment(api, id, `w${writer}`, `w${writer}.${acknowledged[writer]}`);
          if (answer.status !== 200) {
            expectAway(answer);
            continue;
          }
          acknowledged[writer] = (acknowledged[writer] ?? 0) + 1;
          wake();
        }
      });
      /** Each writer goes on: it was acknowledged three times more. */
      const progress = async () => {
        const wanted = acknowledged.map((n) => n + 3);
        while (acknowledged.some((n, writer) => n < (wanted[writer] ?? 0)))
          await Promise.race([...writing, new Promise<void>((resolve) => (wake = resolve))]);
      };
      try {
        for (let crash = 0; crash < 3; crash += 1) {
          await progress();
          await cluster.stop("immediate");
          await cluster.start();
        }
        await progress();
      } finally {
        over = true;
        await Promise.all(writing);
      }
      expect(await count(api, id)).toEqual(
        Object.fromEntries(acknowledged.map((n, writer) => [`w${writer}`, n])),
      );
    }));

  test("D6 a crash in the middle of a migration leaves none of it", async () => {
    const { connectionString } = cluster;
    const number = migrations.length + 1;
    const step = (sql: string) => [...migrations, { number, name: "slow", sql }];
    const client = postgresClient({ connectionString });
    try {
      await migrate(client, migrations);
      const started = migrate(client, step("CREATE TABLE half (id integer); PERFORM pg_sleep(60);"));
      const failed = expect(started).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE" });
      await sleeping(connectionString);
      await cluster.stop("immediate");
      await failed;
      await cluster.start();
      const half = await client.query("SELECT FROM pg_class WHERE relname = 'half'", [], {
        repeatable: true,
      });
      expect(half.rows).toEqual([]);
      await migrate(client, step("CREATE TABLE half (id integer);"));
      const applied = await client.query<{ n: number }>("SELECT max(number) AS n FROM runmeta_migrations");
      expect(applied.rows).toEqual([{ n: number }]);
    } finally {
      await client.close();
    }
  });
});

/** Resolves when the step has reached its last statement. */
async function sleeping(connectionString: string): Promise<void> {
  const admin = new Client({ connectionString });
  await admin.connect();
  try {
    for (;;) {
      const { rows } = await admin.query("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
      if (rows.length > 0) return;
    }
  } finally {
    await admin.end();
  }
}
