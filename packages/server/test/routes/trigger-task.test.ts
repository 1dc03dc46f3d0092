import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const trigger = (body: unknown, headers?: Record<string, string>, task = "hello") =>
  api.call("POST", `/api/v1/tasks/${task}/trigger`, body, headers);
const retrieve = async (id: string) => (await api.call("GET", `/api/v3/runs/${id}`)).body;

describe("POST /api/v1/tasks/{id}/trigger", () => {
  test("stores a queued run and answers its id with the claims for a handle", async () => {
    const answer = await trigger({ payload: { to: "you" } });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ id: expect.stringMatching(/^run_[a-z0-9]{25}$/), isCached: false });
    expect(JSON.parse(answer.headers.get("x-trigger-jwt-claims") ?? "")).toEqual({ sub: "dev", pub: true });
    const run = await retrieve(answer.body.id);
    expect(run).toMatchObject({
      status: "QUEUED",
      taskIdentifier: "hello",
      payload: { to: "you" },
      depth: 0,
    });
  });

  test.each([
    [{ payload: "text", options: { payloadType: "text/plain" } }, "text"],
    [
      {
        payload: '{"json":{"at":"2026-01-02T03:04:05.000Z"},"meta":{"values":{"at":["Date"]}}}',
        options: { payloadType: "application/super+json" },
      },
      { at: "2026-01-02T03:04:05.000Z" },
    ],
    [{ payload: { a: [1] }, options: { payloadType: "application/json" } }, { a: [1] }],
    [{ payload: "just JSON" }, "just JSON"],
    [{ payload: "no json", options: { payloadType: "application/super+json" } }, undefined],
    [{ payload: "nul \u0000 half \ud800", options: { payloadType: "text/plain" } }, "nul \u0000 half \ud800"],
    [{ options: {} }, undefined],
  ])("shows the decoded payload of %j", async (body, payload) => {
    expect((await retrieve((await trigger(body)).body.id)).payload).toEqual(payload);
  });

  test("keeps a parent that is not registered yet: writes to it never land on the child", async () => {
    const child = await api.trigger({ parentRunId: "run_not_yet" });
    const written = await api.call("PUT", `/api/v1/runs/${child}/metadata`, {
      operations: [],
      parentOperations: [{ type: "increment", key: "n", value: 1 }],
    });
    expect(written.body).toMatchObject({ metadata: {}, refused: [{ target: "parent" }] });
    expect((await retrieve(child)).relatedRuns.parent).toBeUndefined();
    expect((await retrieve(await api.trigger({ parentRunId: "no id" }))).metadata ?? {}).toEqual({});
  });

  test("keeps what the options say", async () => {
    const root = await api.trigger();
    const parent = await api.trigger({ parentRunId: root });
    const id = await api.trigger({
      metadata: { a: { b: 1 } },
      tags: ["b", "a", "b", " "],
      parentRunId: parent,
      resumeParentOnCompletion: true,
      ttl: "90m",
      test: true,
      maxAttempts: 3,
      queue: { name: "q" },
      concurrencyKey: 7,
      somethingNew: { ignored: true },
    });
    const run = await retrieve(id);
    expect(run).toMatchObject({
      metadata: { a: { b: 1 } },
      tags: ["a", "b"],
      depth: 2,
      ttl: "90m",
      isTest: true,
      triggerFunction: "triggerAndWait",
    });
    expect(run.relatedRuns.parent.id).toBe(parent);
    expect(run.relatedRuns.root.id).toBe(root);
    expect((await retrieve(root)).relatedRuns).toEqual({
      children: [expect.objectContaining({ id: parent, depth: 1 })],
    });
    // Nothing is handed down.
    expect((await retrieve(parent)).metadata).toEqual({});
  });

  test.each([
    ["10m", "10m"],
    ["90m", "90m"],
    [60, "1m"],
    [694_861, "1w1d1h1m1s"],
    [0, undefined],
    ["0s", undefined],
  ])("shows the ttl %j as %j", async (ttl, shown) => {
    expect((await retrieve(await api.trigger({ ttl }))).ttl).toBe(shown);
  });

  test("a delay holds the run back; a past date does not", async () => {
    const later = await retrieve(await api.trigger({ delay: "1h" }));
    expect(later.status).toBe("DELAYED");
    expect(new Date(later.delayedUntil).getTime()).toBeGreaterThan(Date.now() + 3_590_000);
    const date = new Date(Date.now() + 60_000).toISOString();
    expect((await retrieve(await api.trigger({ delay: date }))).delayedUntil).toBe(date);
    expect((await retrieve(await api.trigger({ delay: "2020-01-01T00:00:00Z" }))).status).toBe("QUEUED");
    const wrong = await trigger({ options: { delay: "soon" } });
    expect([wrong.status, wrong.text]).toEqual([422, '{"error":"Invalid delay soon"}']);
  });

  test("an idempotency key finds its run, also when both come at once", async () => {
    const options = {
      idempotencyKey: "f".repeat(64),
      idempotencyKeyOptions: { key: "order-1", scope: "global" },
    };
    const both = await Promise.all([trigger({ options }), trigger({ options })]);
    expect(both[0]?.body.id).toBe(both[1]?.body.id);
    expect(both.map((answer) => answer.body.isCached).sort()).toEqual([false, true]);
    const third = await trigger({ options: { ...options, metadata: { ignored: 1 } } });
    expect(third.body).toEqual({ id: both[0]?.body.id, isCached: true });
    const run = await retrieve(third.body.id);
    expect([run.idempotencyKey, run.metadata]).toEqual(["order-1", {}]);
    expect((await trigger({ options }, {}, "other")).body.isCached).toBe(false);
  });

  test("a failed run frees its key, an expired key is free", async () => {
    const first = await api.trigger({ idempotencyKey: "k1" });
    await api.call("POST", `/engine/v1/runs/${first}/complete`, { ok: false, error: { message: "no" } });
    const second = await trigger({ options: { idempotencyKey: "k1" } });
    expect(second.body).toMatchObject({ isCached: false });
    expect(second.body.id).not.toBe(first);
    await api.trigger({ idempotencyKey: "k2", idempotencyKeyTTL: "0s" });
    expect((await trigger({ options: { idempotencyKey: "k2" } })).body.isCached).toBe(false);
  });

  test("keys of every length and script are looked up", async () => {
    const options = { idempotencyKey: "😀".repeat(1024) };
    const first = await trigger({ options });
    expect(first.status).toBe(200);
    expect((await trigger({ options })).body).toEqual({ id: first.body.id, isCached: true });
    expect((await retrieve(first.body.id)).idempotencyKey).toBe(options.idempotencyKey);
    expect((await trigger({ options: { idempotencyKey: "x".repeat(2049) } })).status).toBe(400);
  });

  test("an HTTP retry answers the same run, not as cached", async () => {
    const headers = { "x-trigger-request-idempotency-key": "0b7e5c1e-1111-4222-8333-444455556666" };
    const answers = await Promise.all([trigger({}, headers), trigger({}, headers), trigger({}, headers)]);
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    expect(answers[0]?.body.isCached).toBe(false);
    expect((await trigger({}, headers, "other")).body.id).not.toBe(answers[0]?.body.id);
  });

  test.each([
    ["", 400, "Request body is empty"],
    ["{", 400, "Invalid JSON"],
    ["null", 400, "Invalid JSON"],
    ['{"options":{"tags":5}}', 400, "Validation error: "],
    ['{"options":{"metadata":[1]}}', 400, "Invalid metadata"],
    ['{"options":{"metadata":"text"}}', 400, "Invalid metadata"],
    ['{"options":{"metadata":{"__proto__":1}}}', 400, "Invalid metadata"],
    [
      `{"options":{"metadata":{"a":"${"x".repeat(4096)}"}}}`,
      413,
      "Metadata exceeds maximum size of 4096 bytes",
    ],
    [`{"options":{"metadata":{"a":${"[".repeat(100)}${"]".repeat(100)}}}}`, 400, "Invalid metadata"],
    [`{"payload":${"[".repeat(7000)}${"]".repeat(7000)}}`, 400, "Validation error: "],
    [
      `{"options":{"tags":${JSON.stringify(Array.from({ length: 11 }, (_, i) => `t${i}`))}}}`,
      422,
      "Runs can only have 10 tags, you're trying to set 11.",
    ],
    ['{"options":{"ttl":"often"}}', 422, "Invalid ttl often"],
    ['{"options":{"maxAttempts":99999999999}}', 422, "Invalid maxAttempts 99999999999"],
    ['{"options":{"priority":1e300}}', 422, "Invalid priority 1e+300"],
    [" ".repeat(3 * 1024 * 1024 + 1), 413, "Request body too large"],
  ])("refuses %.60s with %d", async (body, status, error) => {
    const answer = await trigger(body);
    expect(answer.status).toBe(status);
    expect(answer.body.error.startsWith(error)).toBe(true);
  });

  test("metadata null, false or empty text is none", async () => {
    for (const metadata of [null, false, "", 0])
      expect((await trigger({ options: { metadata } })).status).toBe(200);
  });

  test("a task id that none can be is 404", async () => {
    for (const task of ["%00", "%20", "x".repeat(129), "a%0ab", "a%7fb"]) {
      const answer = await trigger({}, {}, task);
      expect([answer.status, answer.text]).toEqual([404, '{"error":"Task not found"}']);
    }
    expect((await trigger({}, {}, "a%2Fb%20c%E2%82%AC")).status).toBe(200);
    expect((await api.call("GET", "/api/v1/runs?filter[taskIdentifier]=a/b c€")).body.data).toHaveLength(1);
  });

  test("a task that the engine does not know is 404", async () => {
    const { noEngine } = await import("../../src/index.ts");
    await using picky = await startTestServer({
      engine: { ...noEngine(), knows: (task) => task === "known" },
    });
    expect((await picky.call("POST", "/api/v1/tasks/known/trigger", {})).status).toBe(200);
    expect((await picky.call("POST", "/api/v1/tasks/other/trigger", {})).text).toBe(
      '{"error":"Task not found"}',
    );
  });
});
