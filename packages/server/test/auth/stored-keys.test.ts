import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StoredKeys } from "../../src/auth/stored-keys.ts";
import { createServer } from "../../src/index.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { ShiftedClock } from "../server/shifted-clock.ts";
import { DEV_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { testStorage } from "../server/test-storage.ts";
import { bearer, signToken } from "./sign-token.ts";

const encryptionKey = randomBytes(32).toString("base64");
const READ_ONLY = '{"error":"This API key is read-only"}';

let storage: Storage;
let stored: StoredKeys;
let clock: ShiftedClock;
let api: TestServer;
beforeEach(async () => {
  storage = testStorage();
  stored = new StoredKeys(storage, Buffer.from(encryptionKey, "base64"));
  clock = new ShiftedClock();
  api = await startTestServer({ storage, encryptionKey, clock });
});
afterEach(async () => {
  await api.server.close();
});

const list = async (key: string) => (await api.call("GET", "/api/v1/runs", undefined, bearer(key))).status;

test("a key that is made while the server runs opens its environment within a second", async () => {
  const { key } = await stored.create("stg", false);
  expect(key).toMatch(/^tr_stg_[A-Za-z0-9_-]{24}$/);
  clock.advance(1_000);
  expect(await list(key)).toBe(200);
  const run = await api.call("POST", "/api/v1/tasks/hello/trigger", {}, bearer(key));
  expect(run.status).toBe(200);
  expect((await api.call("GET", `/api/v3/runs/${run.body.id}`)).status).toBe(404);
});

test("a revoked key, and the tokens it signed, are refused within 5 seconds; given keys go on", async () => {
  const { id, key } = await stored.create("dev", false);
  clock.advance(1_000);
  const token = await signToken(["read:runs"], { key });
  expect([await list(key), await list(token)]).toEqual([200, 200]);
  expect(await storage.revokeApiKey(id)).toBe(true);
  clock.advance(5_000);
  expect([await list(key), await list(token), await list(DEV_KEY)]).toEqual([401, 401, 200]);
  expect(await storage.revokeApiKey(id)).toBe(true);
  expect(await storage.revokeApiKey("000000000000")).toBe(false);
  expect(await storage.listApiKeys()).toMatchObject([{ id, sealed: "", revokedAt: expect.any(Date) }]);
});

test("A3 a read-only key reads, and is refused wherever something changes, there or not", async () => {
  const { key } = await stored.create("dev", true);
  clock.advance(1_000);
  const runId = await api.trigger();
  const headers = bearer(key);
  for (const path of [
    `/api/v3/runs/${runId}`,
    `/api/v1/runs/${runId}/metadata`,
    "/api/v1/runs",
    "/v1/records",
  ])
    expect((await api.call("GET", path, undefined, headers)).status).toBe(200);
  for (const id of [runId, "run_none"]) {
    for (const [method, path] of [
      ["PUT", `/api/v1/runs/${id}/metadata`],
      ["POST", `/api/v1/runs/${id}/tags`],
      ["POST", `/api/v2/runs/${id}/cancel`],
      ["POST", "/api/v1/tasks/hello/trigger"],
      ["POST", "/api/v3/batches"],
      ["PUT", `/engine/v1/runs/${id}`],
      ["PUT", "/v1/records/rec_1"],
    ] as const) {
      const answer = await api.call(method, path, {}, headers);
      expect([path, answer.status, answer.text]).toEqual([path, 403, READ_ONLY]);
    }
  }
  expect((await api.call("GET", `/api/v3/runs/${runId}`)).body.status).toBe("QUEUED");
});

test("a token can do no more than the read-only key that signed it", async () => {
  const { key } = await stored.create("dev", true);
  clock.advance(1_000);
  const admin = bearer(await signToken(["admin", "trigger:tasks:hello"], { key }));
  expect((await api.call("GET", "/api/v1/runs", undefined, admin)).status).toBe(200);
  expect((await api.call("POST", "/api/v1/tasks/hello/trigger", {}, admin)).status).toBe(403);
  const scopes = ["read:runs", "write:runs:run_1", "admin", "*:all"];
  const issue = await api.call("POST", "/api/v1/auth/public-tokens", { scopes }, bearer(key));
  expect([issue.status, issue.body]).toEqual([
    403,
    {
      error: "Requested scopes exceed the API key's access",
      code: "scopes_exceed_key_access",
      deniedScopes: ["write:runs:run_1", "admin", "*:all"],
    },
  ]);
  const body = { scopes: ["read:runs"] };
  expect((await api.call("POST", "/api/v1/auth/public-tokens", body, bearer(key))).status).toBe(200);
  expect((await api.call("POST", "/api/v1/auth/jwt/claims", undefined, bearer(key))).status).toBe(200);
});

test("A4 the database, lists, errors and printed objects never hold a key", async () => {
  const { key } = await stored.create("dev", false);
  const keys = await stored.load((fault) => {
    throw fault;
  });
  const seen = [JSON.stringify(await storage.listApiKeys()), inspect(keys, { depth: 9, showHidden: true })];
  seen.push(JSON.stringify(keys), String(keys[0]));
  clock.advance(1_000);
  for (const header of [key, `${key}x`, `Bearer ${key}x`, `Basic ${key}`, `Bearer ${key} ${key}`]) {
    const answer = await api.call("GET", `/api/v3/runs/${key}`, undefined, { authorization: header });
    seen.push(answer.text, JSON.stringify([...answer.headers]));
  }
  seen.push(inspect(api.errors));
  for (const text of seen) expect(text).not.toContain(key);
});

test("a row that was moved or changed is not taken for a key, and is reported once", async () => {
  const { key } = await stored.create("dev", true);
  const [row] = await storage.listApiKeys();
  if (row === undefined) throw new Error("no row");
  // As somebody would who can write to the database and wants to write with a read-only key.
  await storage.insertApiKey({ ...row, id: "aaaaaaaaaaaa", readOnly: false });
  await storage.insertApiKey({ ...row, id: "bbbbbbbbbbbb", environment: "prod" });
  clock.advance(5_000);
  expect(await list(key)).toBe(200);
  expect((await api.call("POST", "/api/v1/tasks/hello/trigger", {}, bearer(key))).text).toBe(READ_ONLY);
  clock.advance(5_000);
  expect(await list(key)).toBe(200);
  expect(api.errors.map(String)).toHaveLength(2);
  expect(String(api.errors[0])).toMatch(/stored key [ab]{12} cannot be decrypted/);
});

test("a server without the encryption key of the stored keys does not start", async () => {
  await stored.create("dev", false);
  const open = new Proxy(storage, {
    get: (target, name) => (name === "close" ? async () => undefined : Reflect.get(target, name)),
  });
  await expect(createServer({ storage: open, secretKeys: [DEV_KEY] })).rejects.toThrow(
    /set RUNMETA_ENCRYPTION_KEY/,
  );
  const other = randomBytes(32).toString("hex");
  await expect(createServer({ storage: open, encryptionKey: other })).rejects.toThrow(/cannot be decrypted/);
  await expect(new StoredKeys(storage, Buffer.from(other, "hex")).create("dev", false)).rejects.toThrow(
    /cannot be decrypted/,
  );
  await expect(createServer({ encryptionKey: "too short" })).rejects.toThrow(
    /The option encryptionKey is not an encryption key/,
  );
});

test("with stored keys alone a server needs no other", async () => {
  await stored.create("prod", true);
  const { key } = await stored.create("prod", false);
  const open = new Proxy(storage, {
    get: (target, name) => (name === "close" ? async () => undefined : Reflect.get(target, name)),
  });
  const server = await createServer({ storage: open, encryptionKey });
  expect(server.secretKey).toBe(key);
  await server.close();
});
