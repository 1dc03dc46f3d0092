import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ApiClient } from "../../src/client/api-client.ts";
import { batchTriggerTask, batchTriggerTaskAndWait } from "../../src/client/batch.ts";
import { apiClientKey, configure } from "../../src/client/configure.ts";
import { runInScope } from "../../src/context/context-storage.ts";
import { fakeScope } from "./fake-scope.ts";
import { type ScriptedReply, type SeenRequest, scriptedServer, TOKEN } from "./scripted-server.ts";
import { skippingClock } from "./skipping-clock.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const lines = (request: SeenRequest | undefined) =>
  (request?.body ?? "")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const created = (runCount: number, isCached = false): ScriptedReply => ({
  status: isCached ? 200 : 202,
  body: { id: "batch_1", runCount, isCached },
});
const sealed = (accepted: number): ScriptedReply => ({
  body: { id: "batch_1", itemsAccepted: accepted, itemsDeduplicated: 0, sealed: true },
});
const batch = (runs: string[], status = "COMPLETED", errors: unknown[] = []): ScriptedReply => ({
  body: { id: "batch_1", status, runCount: 2, runs, processing: { errors } },
});

/** Waits are skipped, as a run with a clock of its own would have it. */
function withSkippedWaits<T>(url: string, body: () => Promise<T>) {
  const client = new ApiClient({ baseURL: url, accessToken: TOKEN, clock: skippingClock() });
  return runInScope(fakeScope({ attachments: new Map([[apiClientKey, client]]) }), body);
}

describe("batchTriggerTask", () => {
  it("creates the batch, sends its items as NDJSON, and gives the ids in order", async () => {
    await using server = await scriptedServer([created(2), sealed(2), batch(["run_a", "run_b"])]);
    const handle = await batchTriggerTask("t", [
      { payload: { n: 1 }, options: { metadata: { a: 1 }, tags: "x" } },
      { payload: "two\nlines" },
    ]);
    expect(handle).toEqual({
      batchId: "batch_1",
      runCount: 2,
      isCached: false,
      runs: [{ id: "run_a" }, { id: "run_b" }],
      errors: [],
    });
    const [create, items, read] = server.requests;
    expect(create).toMatchObject({ method: "POST", path: "/api/v3/batches" });
    expect(create?.json).toEqual({ runCount: 2, taskIdentifiers: ["t"] });
    expect(items).toMatchObject({ method: "POST", path: "/api/v3/batches/batch_1/items" });
    expect(items?.headers["content-type"]).toBe("application/x-ndjson");
    expect(lines(items)).toEqual([
      {
        index: 0,
        task: "t",
        payload: '{"json":{"n":1}}',
        options: { payloadType: "application/super+json", metadata: { a: 1 }, tags: "x" },
      },
      { index: 1, task: "t", payload: "two\nlines", options: { payloadType: "text/plain" } },
    ]);
    expect(read).toMatchObject({ method: "GET", path: "/api/v2/batches/batch_1" });
  });

  it("sends all items again until the batch is sealed", async () => {
    const unsealed = { body: { id: "batch_1", itemsAccepted: 1, itemsDeduplicated: 0, sealed: false } };
    await using server = await scriptedServer([
      created(2),
      unsealed,
      unsealed,
      sealed(1),
      batch(["run_a", "run_b"]),
    ]);
    await withSkippedWaits(server.url, () => batchTriggerTask("t", [{ payload: 1 }, { payload: 2 }]));
    expect(server.requests).toHaveLength(5);
    expect(server.requests[2]?.body).toBe(server.requests[1]?.body);
  });

  it("sends large items in several requests", async () => {
    await using server = await scriptedServer((request) => {
      if (request.path === "/api/v3/batches") return created(5);
      if (request.method === "GET") return batch(["run_0", "run_1", "run_2", "run_3", "run_4"]);
      return { body: { sealed: lines(request).some((line) => line.index === 4) } };
    });
    await batchTriggerTask(
      "t",
      Array.from({ length: 5 }, () => ({ payload: "x".repeat(2_500_000) })),
    );
    const sent = server.requests.filter((request) => request.path.endsWith("/items"));
    expect(sent.map((request) => lines(request).map((line) => line.index))).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
  });

  it("gives up after five tries that left it unsealed", async () => {
    await using server = await scriptedServer((_, index) =>
      index === 0 ? created(1) : { body: { sealed: false } },
    );
    const call = withSkippedWaits(server.url, () => batchTriggerTask("t", [{ payload: 1 }]));
    await expect(call).rejects.toMatchObject({
      code: "RUNMETA_API",
      message: expect.stringContaining("every item"),
    });
    expect(server.requests).toHaveLength(6);
  });

  it("waits for runs that the server makes later, and names items that did not become runs", async () => {
    await using server = await scriptedServer([
      created(2),
      sealed(2),
      batch([], "PENDING"),
      batch(["run_a"], "PROCESSING"),
      batch(["run_a"], "PARTIAL_FAILED", [{ index: 1, taskIdentifier: "t", error: "Task not found" }]),
    ]);
    const items = [{ payload: 1 }, { payload: 2 }];
    const handle = await withSkippedWaits(server.url, () => batchTriggerTask("t", items));
    expect(handle.runs).toEqual([{ id: "run_a" }]);
    expect(handle.errors).toEqual([{ index: 1, message: "Task not found" }]);
  });

  it("derives each item's idempotency key from the batch's and its index; its own wins", async () => {
    await using server = await scriptedServer([created(2), sealed(2), batch(["run_a", "run_b"])]);
    await batchTriggerTask("t", [{ payload: 1 }, { payload: 2, options: { idempotencyKey: "own" } }], {
      idempotencyKey: "all",
      idempotencyKeyTTL: "1h",
    });
    expect(server.requests[0]?.json).toMatchObject({ idempotencyKey: sha256("all") });
    expect(lines(server.requests[1]).map((line) => line.options)).toMatchObject([
      { idempotencyKey: sha256("all-0"), idempotencyKeyTTL: "1h" },
      { idempotencyKey: sha256("own"), idempotencyKeyTTL: "1h" },
    ]);
  });

  it("completes a cached batch whose items never arrived, but not one of another size", async () => {
    await using server = await scriptedServer([
      created(1, true),
      sealed(1),
      batch(["run_a"]),
      created(2, true),
      batch(["run_a", "run_b"]),
    ]);
    const options = { idempotencyKey: "once" };
    expect(await batchTriggerTask("t", [{ payload: 1 }], options)).toMatchObject({
      isCached: true,
      runCount: 1,
    });
    expect(await batchTriggerTask("t", [{ payload: 1 }], options)).toMatchObject({
      isCached: true,
      runCount: 2,
    });
    expect(server.requests).toHaveLength(5);
  });

  it("checks every item before it sends anything", async () => {
    await using server = await scriptedServer([]);
    const bad = { payload: 2, options: { metadata: { f: () => {} } } };
    await expect(batchTriggerTask("t", [{ payload: 1 }, bad])).rejects.toMatchObject({ path: "$.f" });
    expect(server.requests).toHaveLength(0);
  });

  it.each([0, 1_001])("refuses %i items", async (count) => {
    configure({});
    const items = Array.from({ length: count }, () => ({ payload: 1 }));
    await expect(batchTriggerTask("t", items)).rejects.toMatchObject({
      code: "RUNMETA_CONFIG",
      message: expect.stringContaining("1 to 1000"),
    });
  });
});

describe("batchTriggerTaskAndWait", () => {
  it("gives the results in the order of the items, failed ones included", async () => {
    await using server = await scriptedServer((request) => {
      if (request.path === "/api/v3/batches") return created(2);
      if (request.path.endsWith("/items")) return sealed(2);
      if (request.path.startsWith("/api/v2/batches/")) return batch(["run_a", "run_b"]);
      return request.path.includes("run_a")
        ? { body: { ok: false, error: { message: "no" } } }
        : { body: { ok: true, output: "b", outputType: "text/plain" } };
    });
    const result = await batchTriggerTaskAndWait<string>("t", [{ payload: 1 }, { payload: 2 }]);
    expect(result).toEqual({
      id: "batch_1",
      runs: [
        { ok: false, id: "run_a", error: new Error("no"), taskIdentifier: "t" },
        { ok: true, id: "run_b", output: "b", taskIdentifier: "t" },
      ],
    });
    expect(server.requests[0]?.json).toMatchObject({ resumeParentOnCompletion: true });
  });

  it("says which item could not be triggered", async () => {
    await using _ = await scriptedServer([
      created(2),
      sealed(2),
      batch(["run_a"], "PARTIAL_FAILED", [{ index: 1, error: "Task not found" }]),
    ]);
    await expect(batchTriggerTaskAndWait("t", [{ payload: 1 }, { payload: 2 }])).rejects.toThrow(
      "1 of 2 items were triggered: item 1: Task not found",
    );
  });
});
