import { afterAll, beforeAll, expect, test } from "vitest";
import { ShiftedClock } from "../server/shifted-clock.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
const clock = new ShiftedClock();
beforeAll(async () => {
  api = await startTestServer({ clock });
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const trigger = (debounce: object, options: object = {}, payload: unknown = { n: 1 }, task = "hello") =>
  api.call("POST", `/api/v1/tasks/${task}/trigger`, { payload, options: { debounce, ...options } });
const retrieve = async (id: string) => (await api.call("GET", `/api/v3/runs/${id}`)).body;

test("triggers of one key become one run, put off by each; the first one's data count", async () => {
  const debounce = { key: "a", delay: "10m" };
  const first = await trigger(debounce, { metadata: { n: 1 }, tags: "one" });
  const before = await retrieve(first.body.id);
  expect(before.status).toBe("DELAYED");
  clock.advance(60_000);
  const second = await trigger(debounce, { metadata: { n: 2 }, tags: "two" }, { n: 2 });
  expect([second.status, second.body]).toEqual([200, { id: first.body.id, isCached: false }]);
  const after = await retrieve(first.body.id);
  expect(after).toMatchObject({ payload: { n: 1 }, metadata: { n: 1 }, tags: ["one"] });
  expect(Date.parse(after.delayedUntil) - Date.parse(before.delayedUntil)).toBeGreaterThanOrEqual(60_000);
  // Never earlier for a shorter delay.
  await trigger({ key: "a", delay: "1s" });
  expect((await retrieve(first.body.id)).delayedUntil).toBe(after.delayedUntil);
  expect((await trigger(debounce, {}, {}, "other")).body.id).not.toBe(first.body.id);
});

test("trailing: the last one's data count; writes made meanwhile to the old document are gone", async () => {
  const debounce = { key: "b", delay: "10m", mode: "trailing" };
  const { id } = (await trigger(debounce, { metadata: { n: 1 }, tags: "one" })).body;
  await trigger(debounce, { metadata: { n: 2 }, tags: "two" }, "text");
  expect(await retrieve(id)).toMatchObject({ payload: "text", metadata: { n: 2 }, tags: ["two"] });
  const replay = await api.call("POST", `/api/v1/runs/${id}/replay`);
  expect((await retrieve(replay.body.id)).metadata).toEqual({ n: 2 });
  await api.call("PUT", `/api/v1/runs/${id}/metadata`, {
    operations: [{ type: "set", key: "own", value: 1 }],
  });
  expect((await retrieve(id)).metadata).toEqual({ n: 2, own: 1 });
});

test("many at once are one run", async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => trigger({ key: "c", delay: "1m" })));
  expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
  const batch = await api.call("POST", "/api/v3/batches", { runCount: 2 });
  const items = [0, 1].map((index) =>
    JSON.stringify({ index, task: "hello", options: { debounce: { key: "c", delay: "1m" } } }),
  );
  const path = `/api/v3/batches/${batch.body.id}/items`;
  await api.call("POST", path, items.join("\n"), { "content-type": "application/x-ndjson" });
  const { id } = answers[0]?.body ?? {};
  expect((await api.call("GET", `/api/v2/batches/${batch.body.id}`)).body.runs).toEqual([id, id]);
});

test("past maxDelay the run keeps its time and a new one begins; a started run joins nobody", async () => {
  const debounce = { key: "d", delay: "5m", maxDelay: "13m" };
  const { id } = (await trigger(debounce)).body;
  clock.advance(4 * 60_000);
  expect((await trigger(debounce)).body.id).toBe(id);
  const due = (await retrieve(id)).delayedUntil;
  clock.advance(4 * 60_000);
  const next = (await trigger(debounce)).body;
  expect(next.id).not.toBe(id);
  expect((await retrieve(id)).delayedUntil).toBe(due);
  expect((await trigger({ key: "d", delay: "5m" })).body.id).toBe(next.id);
  await api.call("POST", `/api/v2/runs/${next.id}/cancel`);
  expect((await trigger(debounce)).body.id).not.toBe(next.id);
});

test("an idempotency key comes first", async () => {
  const first = (await trigger({ key: "e", delay: "1m" }, { idempotencyKey: "i" })).body;
  expect((await trigger({ key: "f", delay: "1m" }, { idempotencyKey: "i" })).body).toEqual({
    id: first.id,
    isCached: true,
  });
});

test.each([
  [{ key: "x", delay: "soon" }, 422, "Invalid debounce delay: soon. "],
  [{ key: "x", delay: "0s" }, 422, "Invalid debounce delay: 0s. "],
  [{ key: "x", delay: "2030-01-01T00:00:00Z" }, 422, "Invalid debounce delay: 2030-"],
  [{ key: "x", delay: "1m", maxDelay: "long" }, 422, "Invalid debounce maxDelay: long. "],
  [{ key: "x", delay: "1m", maxDelay: "60s" }, 422, "debounce.maxDelay (60s) must be longer than"],
  [{ key: "x" }, 400, "Validation error: "],
  [{ key: "x".repeat(513), delay: "1m" }, 400, "Validation error: "],
  [{ key: "x", delay: "1m", mode: "middle" }, 400, "Validation error: "],
])("refuses %.70j with %d", async (debounce, status, error) => {
  const answer = await trigger(debounce);
  expect(answer.status).toBe(status);
  expect(answer.body.error.startsWith(error)).toBe(true);
});
