import { afterAll, beforeAll, expect, test } from "vitest";
import { noEngine } from "../../src/index.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
let knowsAll = true;
beforeAll(async () => {
  api = await startTestServer({ engine: { ...noEngine(), knows: () => knowsAll } });
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const replay = (id: string, body?: unknown, headers?: Record<string, string>) =>
  api.call("POST", `/api/v1/runs/${id}/replay`, body, headers);
const retrieve = async (id: string) => (await api.call("GET", `/api/v3/runs/${id}`)).body;

test("repeats payload, tags, test flag, region and the metadata of the trigger, not what the run wrote", async () => {
  const parent = await api.trigger();
  const first = await api.trigger(
    {
      metadata: { from: "trigger" },
      tags: ["b", "a"],
      test: true,
      region: "eu",
      parentRunId: parent,
      delay: "1h",
      ttl: "1h",
      idempotencyKey: "once",
    },
    { n: [1] },
  );
  await api.call("PUT", `/api/v1/runs/${first}/metadata`, { metadata: { from: "run" } });
  const answer = await replay(first);
  expect([answer.status, answer.body]).toEqual([200, { id: expect.stringMatching(/^run_/) }]);
  expect(answer.body.id).not.toBe(first);
  const again = await retrieve(answer.body.id);
  expect(again).toMatchObject({
    status: "QUEUED",
    payload: { n: [1] },
    metadata: { from: "trigger" },
    tags: ["a", "b"],
    isTest: true,
    region: "eu",
    depth: 0,
    relatedRuns: {},
  });
  expect(again).not.toHaveProperty("ttl");
  expect(again).not.toHaveProperty("idempotencyKey");
});

test.each([
  ["text/plain", "a\u0000\ud800"],
  ["application/super+json", '{"json":{"at":"x"},"meta":{"values":{"at":["Date"]}}}'],
  ["application/json", "text"],
  [undefined, undefined],
])("a payload of type %s is the same packet again", async (payloadType, payload) => {
  const answer = await api.call("POST", "/api/v1/tasks/hello/trigger", { payload, options: { payloadType } });
  const second = (await replay(answer.body.id)).body.id;
  const start = async (id: string) =>
    (await api.call("POST", `/engine/v1/runs/${id}/start`, { attempt: 1 })).body;
  const [before, after] = [await start(answer.body.id), await start(second)];
  expect([after.payload, after.payloadType]).toEqual([before.payload, before.payloadType]);
});

test("overrides win", async () => {
  const id = await api.trigger({ metadata: { a: 1 }, tags: ["a"] });
  const answer = await replay(id, {
    payload: '{"json":{"b":2}}',
    payloadType: "application/super+json",
    metadata: { b: 2 },
    tags: "b",
    queue: "q2",
    concurrencyKey: 5,
    machine: "micro",
    version: "20260101.1",
    region: "us",
    delay: "1h",
    ttl: 90,
    idempotencyKey: "replay-1",
    idempotencyKeyTTL: "1h",
    maxAttempts: 2,
    maxDuration: 60,
    priority: 3,
  });
  expect(await retrieve(answer.body.id)).toMatchObject({
    status: "DELAYED",
    payload: { b: 2 },
    metadata: { b: 2 },
    tags: ["b"],
    version: "20260101.1",
    region: "us",
    ttl: "1m30s",
    idempotencyKey: "replay-1",
  });
  const found = (query: string) => api.call("GET", `/api/v1/runs?${query}`);
  for (const filter of ["queue]=q2", "machine]=micro", "region]=us,eu-1", "version]=20260101.1"]) {
    expect((await found(`filter[${filter}`)).body.data.map((run: { id: string }) => run.id)).toEqual([
      answer.body.id,
    ]);
  }
  expect((await replay(id, { idempotencyKey: "replay-1" })).body.id).toBe(answer.body.id);
  const latest = await retrieve(
    (await replay(id, { version: "latest", payload: null, metadata: {} })).body.id,
  );
  expect(latest).not.toHaveProperty("version");
  expect([latest.payload, latest.metadata]).toEqual([null, {}]);
});

test("an HTTP retry of a replay makes one run", async () => {
  const id = await api.trigger();
  const headers = { "x-trigger-request-idempotency-key": "b7e5c1e0-1111-4222-8333-444455556666" };
  const answers = await Promise.all([replay(id, undefined, headers), replay(id, undefined, headers)]);
  expect(answers[0]?.text).toBe(answers[1]?.text);
});

test.each([
  [{ somethingNew: 1 }, 400, "Validation error: "],
  [{ payload: { a: 1 }, payloadType: "application/super+json" }, 400, "Validation error: "],
  [{ payloadType: "text/plain" }, 400, "Validation error: "],
  [{ metadata: [1] }, 400, "Validation error: "],
  [{ machine: "huge" }, 400, "Validation error: "],
  ["{", 400, "Invalid JSON"],
  [{ metadata: { a: "x".repeat(5000) } }, 413, "Metadata exceeds maximum size of 4096 bytes"],
  [{ delay: "soon" }, 422, "Invalid delay soon"],
])("refuses %.60j with %d", async (body, status, error) => {
  const answer = await replay(await api.trigger(), body);
  expect(answer.status).toBe(status);
  expect(answer.body.error.startsWith(error)).toBe(true);
});

test("404 for an unknown run; a task that is gone is 400", async () => {
  for (const id of ["run_none", "none", "%00"]) {
    const answer = await replay(id);
    expect([answer.status, answer.text]).toEqual([404, '{"error":"Run not found"}']);
  }
  const id = await api.trigger();
  knowsAll = false;
  const answer = await replay(id);
  knowsAll = true;
  expect([answer.status, answer.text]).toEqual([400, '{"error":"Failed to create new run"}']);
});
