import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StoredKeys } from "../../src/auth/stored-keys.ts";
import { pgliteStorage } from "../../src/storage/pglite-storage.ts";
import { postgresStorage } from "../../src/storage/postgres-storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { ShiftedClock } from "../server/shifted-clock.ts";
import { DEV_KEY, PROD_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { testStorage } from "../server/test-storage.ts";
import { temporaryDirectory } from "../storage/temporary-directory.ts";
import { temporarySchema, testDatabaseUrl } from "../storage/test-database.ts";
import { TestBrowser } from "./test-browser.ts";

const encryptionKey = randomBytes(32).toString("base64");
const storedIn = (storage: Storage) => new StoredKeys(storage, Buffer.from(encryptionKey, "base64"));

/** The same browser, at another server. */
function movedTo({ server }: TestServer, browser: TestBrowser): TestBrowser {
  const moved = new TestBrowser(server, browser.origin);
  for (const [name, value] of browser.cookies) moved.cookies.set(name, value);
  return moved;
}

describe("keys in the database", () => {
  let storage: Storage;
  let clock: ShiftedClock;
  let api: TestServer;
  beforeAll(async () => {
    storage = testStorage();
    clock = new ShiftedClock();
    api = await startTestServer({ storage, encryptionKey, clock, dashboard: true });
  });
  afterAll(async () => {
    expect(api.errors).toEqual([]);
    await api.server.close();
  });

  test("who signed in with a key that is revoked is signed out; others stay", async () => {
    const { id, key } = await storedIn(storage).create("stg", false);
    const [revoked, other] = [new TestBrowser(api.server), new TestBrowser(api.server)];
    clock.advance(1_000);
    expect(await (await revoked.signIn(key)).json()).toEqual({ environment: "stg", readOnly: false });
    await other.signIn(PROD_KEY);
    const statuses = () =>
      Promise.all([revoked, other].map(async (one) => (await one.call("GET", "/api/v1/runs")).status));
    expect(await statuses()).toEqual([200, 200]);
    await storage.revokeApiKey(id);
    clock.advance(5_000);
    expect(await statuses()).toEqual([401, 200]);
    expect((await revoked.signIn(key)).status).toBe(401);
  });

  test("A3 a read-only key signs in to look, and changes nothing", async () => {
    const { key } = await storedIn(storage).create("dev", true);
    clock.advance(1_000);
    const browser = new TestBrowser(api.server);
    expect(await (await browser.signIn(key)).json()).toEqual({ environment: "dev", readOnly: true });
    const id = await api.trigger();
    expect((await browser.call("GET", `/api/v3/runs/${id}`)).status).toBe(200);
    for (const [method, path] of [
      ["PUT", `/api/v1/runs/${id}/metadata`],
      ["POST", `/api/v2/runs/${id}/cancel`],
      ["POST", `/api/v1/runs/${id}/replay`],
    ] as const) {
      const reply = await browser.call(method, path, {});
      expect([reply.status, await reply.text()]).toEqual([403, '{"error":"This API key is read-only"}']);
    }
    expect((await browser.call("DELETE", "/auth/session")).status).toBe(204);
  });
});

test("one stays signed in when the server starts again, and not when its key is gone", async () => {
  await using directory = await temporaryDirectory();
  const start = (secretKeys: string[]) =>
    startTestServer({
      storage: pgliteStorage({ directory: directory.path }),
      secretKeys,
      dashboard: true,
    });
  const before = await start([DEV_KEY]);
  const browser = new TestBrowser(before.server);
  await browser.signIn(DEV_KEY);
  await before.server.close();
  for (const [keys, expected] of [
    [["tr_dev_new", DEV_KEY], 200],
    [["tr_dev_new"], 401],
  ] as const) {
    await using after = await start([...keys]);
    expect((await movedTo(after, browser).call("GET", "/api/v1/runs")).status).toBe(expected);
  }
});

test("A4 no reply, header, link, fault or warning has a key in it", async () => {
  await using api = await startTestServer({ dashboard: true });
  await api.server.listen({ port: 0 });
  const seen: string[] = [api.server.dashboardLink()];
  const browser = new TestBrowser(api.server);
  const note = async (reply: Response) => {
    seen.push(JSON.stringify([...reply.headers]), await reply.text());
  };
  for (const key of [DEV_KEY, `${DEV_KEY}x`, `Bearer ${DEV_KEY}`]) {
    await note(await browser.signIn(key));
    await note(await browser.call("POST", "/auth/session", { key: { key } }));
    await note(await browser.call("POST", "/auth/session", `{"key":"${key}`));
    await note(await browser.call("GET", `/auth/link/${key}`));
    await note(await browser.call("GET", `/runs/${key}`));
    await note(await browser.call("GET", `/assets/${key}`));
    await note(await browser.call("GET", "/api/v1/runs", undefined, { cookie: `runmeta-3030=${key}` }));
  }
  seen.push(
    browser.cookieHeader,
    Buffer.from(browser.cookieHeader.split(".")[1] ?? "", "base64url").toString(),
  );
  seen.push(api.errors.map(String).join());
  expect(browser.cookies.size).toBe(1);
  for (const text of seen) expect(text.toLowerCase()).not.toContain(DEV_KEY.toLowerCase());
});

describe.skipIf(testDatabaseUrl === undefined)(
  testDatabaseUrl === undefined
    ? "two servers on one PostgreSQL (TEST_DATABASE_URL is not set)"
    : "two servers on one PostgreSQL",
  () => {
    test("who is signed in to one is signed in to the other, and signed out of both", async () => {
      const connectionString = testDatabaseUrl ?? "";
      const database = temporarySchema(connectionString);
      const clock = new ShiftedClock();
      const open = () => postgresStorage({ connectionString, schema: database.schema, maxConnections: 3 });
      const storage = open();
      const options = { dashboard: true, secretKeys: [DEV_KEY], encryptionKey, clock };
      const one = await startTestServer({ ...options, storage });
      const other = await startTestServer({ ...options, storage: open() });
      // Made after both have started: the other server learns of it by the cookie.
      const { id, key } = await storedIn(storage).create("prod", false);
      clock.advance(1_000);
      const browser = new TestBrowser(one.server);
      expect((await browser.signIn(key)).status).toBe(200);
      const moved = movedTo(other, browser);
      const both = () =>
        Promise.all([browser, moved].map(async (at) => (await at.call("GET", "/api/v1/runs")).status));
      expect(await both()).toEqual([200, 200]);
      await storage.revokeApiKey(id);
      clock.advance(5_000);
      expect(await both()).toEqual([401, 401]);
      expect([...one.errors, ...other.errors]).toEqual([]);
      await Promise.all([one.server.close(), other.server.close()]);
      await database.drop();
    });
  },
);
