import { retrieveRunReply } from "@runmeta/runtime/protocol/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noEngine, type Storage } from "../../src/index.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
let claims: Storage;
beforeAll(async () => {
  api = await startTestServer();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const complete = (id: string, body: object) => api.call("POST", `/engine/v1/runs/${id}/complete`, body);
const retrieve = async (id: string) => (await api.call("GET", `/api/v3/runs/${id}`)).body;

describe("GET /api/v3/runs/{id}", () => {
  test("has every field clients require, leaves out what is absent, and shows output, times and flags", async () => {
    const id = await api.trigger({ tags: "one" }, { a: 1 });
    const queued = await retrieve(id);
    expect(queued).toEqual({
      id,
      status: "QUEUED",
      taskIdentifier: "hello",
      isQueued: true,
      isExecuting: false,
      isWaiting: false,
      isCompleted: false,
      isSuccess: false,
      isFailed: false,
      isCancelled: false,
      isTest: false,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      tags: ["one"],
      costInCents: 0,
      baseCostInCents: 0,
      durationMs: 0,
      depth: 0,
      triggerFunction: "trigger",
      metadata: {},
      payload: { a: 1 },
      attemptCount: 0,
      attempts: [],
      relatedRuns: {},
    });
    await api.call("POST", `/engine/v1/runs/${id}/start`, { attempt: 1 });
    expect(await retrieve(id)).toMatchObject({ status: "EXECUTING", isExecuting: true, attemptCount: 1 });
    await complete(id, { ok: true, output: '{"json":{"at":"x"}}', outputType: "application/super+json" });
    const done = await retrieve(id);
    expect(done).toMatchObject({
      status: "COMPLETED",
      isCompleted: true,
      isSuccess: true,
      output: { at: "x" },
    });
    expect(retrieveRunReply.safeParse(done).success).toBe(true);
    expect(done.durationMs).toBe(Date.parse(done.finishedAt) - Date.parse(done.startedAt));
  });

  test("flags of failed and cancelled runs are the official ones", async () => {
    const failed = await api.trigger();
    await complete(failed, { ok: false, error: { name: "TypeError", message: "m", stackTrace: "s" } });
    expect(await retrieve(failed)).toMatchObject({
      status: "FAILED",
      isCompleted: true,
      isFailed: true,
      isSuccess: false,
      error: { name: "TypeError", message: "m", stackTrace: "s" },
    });
    const cancelled = await api.trigger();
    await api.call("POST", `/api/v2/runs/${cancelled}/cancel`);
    expect(await retrieve(cancelled)).toMatchObject({ isCompleted: true, isFailed: true, isCancelled: true });
    const late = await api.trigger();
    await complete(late, { ok: false, status: "TIMED_OUT", error: { message: "m" } });
    expect(await retrieve(late)).toMatchObject({ status: "TIMED_OUT", isCompleted: false, isFailed: false });
  });

  test.each(["run_none", "x", "%00", "run_%20", "a".repeat(10_000)])(
    "S4 %.20s is 404 and not to be retried",
    async (id) => {
      const answer = await api.call("GET", `/api/v3/runs/${id}`);
      expect([answer.status, answer.text]).toEqual([404, '{"error":"Not found"}']);
      expect(answer.headers.get("x-should-retry")).toBe("false");
    },
  );
});

test("children: the newest hundred, oldest first, each with its document", async () => {
  const parent = await api.trigger();
  const items = Array.from({ length: 103 }, (_, index) =>
    JSON.stringify({ index, task: "child", options: { metadata: { index } } }),
  );
  const batch = await api.call("POST", "/api/v3/batches", { runCount: items.length, parentRunId: parent });
  const path = `/api/v3/batches/${batch.body.id}/items`;
  await api.call("POST", path, items.join("\n"), { "content-type": "application/x-ndjson" });
  const { children } = (await retrieve(parent)).relatedRuns;
  expect(children.map((child: { metadata: { index: number } }) => child.metadata.index)).toEqual(
    Array.from({ length: 100 }, (_, index) => index + 3),
  );
});

test("clients without the current API version know no DEQUEUED and no WAITING", async () => {
  await using own = await startTestServer({
    engine: { ...noEngine(), name: "inline", start: async ({ storage }) => void (claims = storage) },
  });
  const parent = await own.trigger();
  const child = await own.trigger({ parentRunId: parent });
  await claims.claimRuns({ engine: "inline", holder: "me", limit: 2 });
  const current = { "x-trigger-api-version": "2025-07-16" };
  const get = async (path: string, headers?: Record<string, string>) =>
    (await own.call("GET", path, undefined, headers)).body;
  expect(await get(`/api/v3/runs/${child}`, current)).toMatchObject({
    status: "DEQUEUED",
    relatedRuns: { parent: { status: "DEQUEUED" } },
  });
  expect(await get(`/api/v3/runs/${child}`)).toMatchObject({
    status: "EXECUTING",
    relatedRuns: { parent: { status: "EXECUTING" } },
  });
  await claims.transitionRun({ id: parent, from: ["DEQUEUED"], change: { status: "WAITING" } });
  expect((await get("/api/v1/runs?filter[status]=WAITING", current)).data).toMatchObject([
    { id: parent, status: "WAITING", isWaiting: true, isExecuting: false },
  ]);
  expect((await get("/api/v1/runs?filter[status]=FROZEN")).data).toMatchObject([
    { id: parent, status: "FROZEN", isWaiting: false, isExecuting: true },
  ]);
});

describe("POST /api/v2/runs/{id}/cancel", () => {
  test("ends the run, sets its end, and can be said again", async () => {
    const id = await api.trigger();
    for (let time = 0; time < 2; time++) {
      const answer = await api.call("POST", `/api/v2/runs/${id}/cancel`);
      expect([answer.status, answer.body]).toEqual([200, { id }]);
    }
    const run = await retrieve(id);
    expect([run.status, typeof run.finishedAt]).toEqual(["CANCELED", "string"]);
    const done = await api.trigger();
    await complete(done, { ok: true });
    expect((await api.call("POST", `/api/v2/runs/${done}/cancel`)).status).toBe(200);
    expect((await retrieve(done)).status).toBe("COMPLETED");
  });

  test("404 in its own words", async () => {
    for (const id of ["run_none", "none"]) {
      const answer = await api.call("POST", `/api/v2/runs/${id}/cancel`);
      expect([answer.status, answer.text]).toEqual([404, '{"error":"Resource not found"}']);
    }
  });

  test("L5 writes still reach a cancelled run", async () => {
    const id = await api.trigger();
    await api.call("POST", `/api/v2/runs/${id}/cancel`);
    expect((await api.call("PUT", `/api/v1/runs/${id}/metadata`, { metadata: { last: 1 } })).status).toBe(
      200,
    );
  });
});

describe("POST /api/v1/runs/{id}/tags", () => {
  test("keeps what several add at once, while the run moves on", async () => {
    const id = await api.trigger({});
    const tags = Array.from({ length: 10 }, (_, index) => `tag${index}`);
    const add = (tag: string) => api.call("POST", `/api/v1/runs/${id}/tags`, { tags: [tag] });
    const start = () => api.call("POST", `/engine/v1/runs/${id}/start`, { attempt: 1 });
    await Promise.all([...tags.slice(0, 5).map(add), start(), ...tags.slice(5).map(add)]);
    expect((await retrieve(id)).tags.sort()).toEqual(tags);
  });

  test("adds new tags, up to ten", async () => {
    const id = await api.trigger({ tags: ["a"] });
    const add = (tags: unknown) => api.call("POST", `/api/v1/runs/${id}/tags`, { tags });
    expect((await add(["a", "b", "c"])).body).toEqual({ message: "Successfully set 2 new tags." });
    expect((await add("a")).body).toEqual({ message: "No new tags to add" });
    expect((await retrieve(id)).tags).toEqual(["a", "b", "c"]);
    const over = await add(Array.from({ length: 8 }, (_, index) => `t${index}`));
    expect(over.status).toBe(422);
    expect(over.body.error).toMatch(/^Runs can only have 10 tags, you're trying to set 11\./);
    for (const wrong of [5, null, ["x".repeat(129)], ["a\u0000"], [1]]) {
      const answer = await add(wrong);
      expect([answer.status, answer.body.error]).toEqual([400, "Invalid request body"]);
    }
    expect((await api.call("POST", "/api/v1/runs/run_none/tags", { tags: "a" })).text).toBe(
      '{"error":"Run not found"}',
    );
  });
});
