import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const trigger = async (key: string, task = "hello") =>
  (await api.call("POST", `/api/v1/tasks/${task}/trigger`, { options: { idempotencyKey: key } })).body;
const reset = (key: string, body: unknown) =>
  api.call("POST", `/api/v1/idempotencyKeys/${encodeURIComponent(key)}/reset`, body);

test.each([
  ["a hash", "f".repeat(64)],
  ["signs", "a/b c€%2F"],
  ["a long text", "😀".repeat(600)],
])("frees a key of one task: %s", async (_name, key) => {
  const first = await trigger(key);
  const other = await trigger(key, "other");
  expect((await trigger(key)).id).toBe(first.id);
  const answer = await reset(key, { taskIdentifier: "hello" });
  expect([answer.status, answer.body]).toEqual([200, { id: key }]);
  const second = await trigger(key);
  expect(second).toMatchObject({ isCached: false });
  expect(second.id).not.toBe(first.id);
  expect(await trigger(key)).toEqual({ id: second.id, isCached: true });
  expect(await trigger(key, "other")).toEqual({ id: other.id, isCached: true });
});

test("says when there is nothing to free, and what a body lacks", async () => {
  const answer = await reset("none", { taskIdentifier: "hello" });
  expect([answer.status, answer.body]).toEqual([
    404,
    { error: "No runs found with idempotency key: none and task: hello" },
  ]);
  await trigger("freed");
  expect((await reset("freed", { taskIdentifier: "hello" })).status).toBe(200);
  expect((await reset("freed", { taskIdentifier: "hello" })).status).toBe(404);
  expect((await reset("freed", {})).body.error).toMatch(/^Validation error: .*taskIdentifier/);
  expect((await reset("freed", { taskIdentifier: "" })).body.error).toBe(
    'Validation error: Task identifier is required at "taskIdentifier"',
  );
  expect((await reset("a\u0000b", { taskIdentifier: "a\u0000" })).status).toBe(404);
});
