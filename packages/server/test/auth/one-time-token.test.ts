import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../server/test-server.ts";
import { bearer, signToken } from "./sign-token.ts";

const TRIGGER = "/api/v1/tasks/hello/trigger";
const USED = "Cannot trigger hello with a one-time use token as it has already been used.";
const BATCH_USED = "Cannot batch trigger with a one-time use token as it has already been used.";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

/** Tokens of one second with the same claims are the same token: `jti` keeps those of the tests apart. */
const once = (...scopes: string[]) => signToken(scopes, { claims: { otu: true, jti: randomUUID() } });
const requestKey = (key: string) => ({ "x-trigger-request-idempotency-key": key });

test("a one-time token triggers one run", async () => {
  const headers = bearer(await once("trigger:tasks:hello"));
  expect((await api.call("POST", TRIGGER, {}, headers)).status).toBe(200);
  for (const more of [{}, requestKey("another call")]) {
    const again = await api.call("POST", TRIGGER, {}, { ...headers, ...more });
    expect([again.status, again.body]).toEqual([422, { error: USED }]);
  }
});

test("the same call sent again is answered with its run, another task with its key is not", async () => {
  const headers = { ...bearer(await once("trigger:tasks")), ...requestKey(randomUUID()) };
  const first = await api.call("POST", TRIGGER, { payload: 1 }, headers);
  const again = await api.call("POST", TRIGGER, { payload: 1 }, headers);
  expect([again.status, again.body]).toEqual([200, first.body]);
  expect(again.headers.get("x-trigger-jwt")).toBeTruthy();
  expect((await api.call("POST", "/api/v1/tasks/other/trigger", {}, headers)).status).toBe(422);
});

test("a token used ten times at once triggers one run", async () => {
  const headers = bearer(await once("trigger:tasks:hello"));
  const answers = await Promise.all(
    Array.from({ length: 10 }, () =>
      api.call("POST", TRIGGER, {}, { ...headers, ...requestKey(randomUUID()) }),
    ),
  );
  const statuses = answers.map((answer) => answer.status).sort();
  expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 422)]);
});

test("a trigger that is refused does not use the token up, nor does reading", async () => {
  const headers = bearer(await once("trigger:tasks:hello", "read:tasks:hello"));
  const wrong = { options: { delay: "tomorrow-ish" } };
  expect((await api.call("POST", TRIGGER, wrong, headers)).status).toBe(422);
  expect((await api.call("POST", "/api/v1/tasks/other/trigger", {}, headers)).status).toBe(403);
  const { id } = (await api.call("POST", TRIGGER, {}, headers)).body;
  for (const _ of [1, 2])
    expect((await api.call("GET", `/api/v3/runs/${id}`, undefined, headers)).status).toBe(200);
});

test("another spelling of the same signature is the same token", async () => {
  const token = await once("trigger:tasks:hello");
  // The last character of 32 bytes has two bits that mean nothing.
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const twin = token.slice(0, -1) + letters[letters.indexOf(token.slice(-1)) ^ 1];
  expect((await api.call("POST", TRIGGER, {}, bearer(token))).status).toBe(200);
  expect((await api.call("POST", TRIGGER, {}, bearer(twin))).status).not.toBe(200);
});

test("a one-time token makes and fills one batch", async () => {
  const headers = bearer(await once("batchTrigger:tasks:hello", "batchTrigger:batch"));
  const body = { runCount: 1, taskIdentifiers: ["hello"] };
  const key = requestKey(randomUUID());
  const created = await api.call("POST", "/api/v3/batches", body, { ...headers, ...key });
  expect(created.status).toBe(202);
  const again = await api.call("POST", "/api/v3/batches", body, { ...headers, ...key });
  expect([again.status, again.body.id]).toEqual([202, created.body.id]);
  for (const other of [{}, requestKey("another call")]) {
    const refused = await api.call("POST", "/api/v3/batches", body, { ...headers, ...other });
    expect([refused.status, refused.body]).toEqual([422, { error: BATCH_USED }]);
  }
  const fill = (id: string) =>
    api.call("POST", `/api/v3/batches/${id}/items`, '{"index":0,"task":"hello"}\n', {
      ...headers,
      "content-type": "application/x-ndjson",
    });
  const foreign = (await api.call("POST", "/api/v3/batches", body)).body.id;
  expect((await fill(foreign)).status).toBe(403);
  expect((await fill(created.body.id)).body).toMatchObject({ sealed: true, itemsAccepted: 1 });
  expect((await fill(created.body.id)).body).toMatchObject({ sealed: true, itemsAccepted: 0 });
});
