import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgresStorage } from "../../src/storage/postgres-storage.ts";
import { DEV_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { temporarySchema, testDatabaseUrl } from "../storage/test-database.ts";
import { EventReader } from "./event-reader.ts";

const url = testDatabaseUrl ?? "";

describe.skipIf(testDatabaseUrl === undefined)(
  testDatabaseUrl === undefined
    ? "two servers on one PostgreSQL (TEST_DATABASE_URL is not set)"
    : "two servers on one PostgreSQL",
  () => {
    let database: ReturnType<typeof temporarySchema>;
    let one: TestServer;
    let other: TestServer;
    const start = () =>
      startTestServer({
        storage: postgresStorage({ connectionString: url, schema: database.schema, maxConnections: 3 }),
      });
    beforeAll(async () => {
      database = temporarySchema(url);
      one = await start();
      other = await start();
    });
    afterAll(async () => {
      expect([...one.errors, ...other.errors]).toEqual([]);
      await Promise.all([one.server.close(), other.server.close()]);
      await database.drop();
    });

    async function follow(server: TestServer, path: string): Promise<EventReader> {
      const request = new Request(`http://localhost${path}`, {
        headers: { authorization: `Bearer ${DEV_KEY}` },
      });
      return new EventReader(await server.server.fetch(request));
    }

    function set(server: TestServer, id: string, value: number) {
      const operations = [{ type: "set", key: "step", value }];
      return server.call("PUT", `/api/v1/runs/${id}/metadata`, { operations });
    }

    /** The next event that is no heartbeat. */
    async function data(events: EventReader) {
      for (;;) {
        const event = await events.next();
        if (event === undefined) throw new Error("the stream has ended");
        if (event.data !== undefined) return event.data;
      }
    }

    test("a change made through one reaches those who follow the run, its tags and its shape at the other", async () => {
      const id = await one.trigger({ tags: ["shared"] });
      const ofRun = await follow(other, `/api/v1/runs/${id}/events`);
      const ofTag = await follow(other, "/api/v1/runs/events?tags=shared");
      expect(await data(ofRun)).toMatchObject({ id, metadata: {} });
      expect(await data(ofTag)).toMatchObject([{ id, metadata: {} }]);
      const path = `/realtime/v1/runs/${id}`;
      let shape = await other.call("GET", `${path}?offset=-1`);
      for (let step = 1; step <= 3; step++) {
        const at = `offset=${shape.headers.get("electric-offset")}&handle=${shape.headers.get("electric-handle")}`;
        // Polls of one subscription may go to any server.
        const waiting = (step === 2 ? one : other).call("GET", `${path}?${at}&live=true`);
        const seen = [data(ofRun), data(ofTag)];
        await set(one, id, step);
        shape = await waiting;
        expect(shape.body[0].value.metadata).toBe(`{"step":${step}}`);
        expect(await Promise.all(seen)).toMatchObject([{ metadata: { step } }, [{ metadata: { step } }]]);
      }
      const byTags = "/realtime/v1/runs?tags=shared";
      const first = await one.call("GET", `${byTags}&offset=-1`);
      const at = `offset=${first.headers.get("electric-offset")}&handle=${first.headers.get("electric-handle")}`;
      expect((await other.call("GET", `${byTags}&${at}`)).body).toHaveLength(1);
      await set(one, id, 4);
      expect((await other.call("GET", `${byTags}&${at}&live=true`)).body[0].value.metadata).toBe(
        '{"step":4}',
      );
      await ofRun.cancel();
      await ofTag.cancel();
    });

    test("chunks written through one reach a reader at the other at once, and so does the end of the run", async () => {
      const id = await one.trigger();
      const path = `/realtime/v1/streams/${id}`;
      const words = await follow(other, `${path}/a%2Cb`);
      for (const word of ["first", "second"]) {
        const seen = data(words);
        await one.call("POST", `${path}/self/a%2Cb/append`, word);
        expect(await seen).toBe(word);
      }
      await one.call("POST", `/api/v2/runs/${id}/cancel`);
      expect(await words.next()).toBeUndefined();
    });

    test("a server whose connection was cut looks again when it is back, and hears everything afterwards", async () => {
      const id = await one.trigger();
      const events = await follow(other, `/api/v1/runs/${id}/events`);
      await data(events);
      const admin = new Client({ connectionString: url });
      await admin.connect();
      const seen = data(events);
      // Both servers' connections that listen to this schema.
      await admin.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()",
        [`LISTEN "runmeta_runs_${database.schema}"%`],
      );
      await admin.end();
      await set(one, id, 1);
      expect((await seen).metadata).toEqual({ step: 1 });
      const next = data(events);
      await set(one, id, 2);
      expect((await next).metadata).toEqual({ step: 2 });
      await events.cancel();
    });

    test("a transaction that began earlier and ends later is not missed, nor is anything told twice", async () => {
      const ids = [await one.trigger({ tags: ["order"] }), await one.trigger({ tags: ["order"] })];
      const path = "/realtime/v1/runs?tags=order";
      const slow = new Client({ connectionString: url });
      await slow.connect();
      await slow.query(`SET search_path = "${database.schema}"`);
      await slow.query("BEGIN");
      await slow.query(
        "UPDATE run_documents SET version = version + 1, changed_in = pg_current_xact_id(), metadata = $2 WHERE id = $1",
        [ids[0], '{"slow":true}'],
      );
      const first = await one.call("GET", `${path}&offset=-1`);
      const after = (answer: typeof first) =>
        `${path}&offset=${answer.headers.get("electric-offset")}&handle=${answer.headers.get("electric-handle")}`;
      await set(one, ids[1] ?? "", 1);
      const second = await one.call("GET", after(first));
      expect(second.body.map((row: { key?: string }) => row.key)).toEqual([
        `"public"."TaskRun"/"${ids[1]}"`,
        undefined,
      ]);
      await slow.query("COMMIT");
      await slow.end();
      const third = await other.call("GET", after(second));
      expect(third.body).toHaveLength(2);
      expect(third.body[0].value).toMatchObject({ id: ids[0], metadata: '{"slow":true}' });
      expect((await one.call("GET", after(third))).body).toHaveLength(1);
    });
  },
);
