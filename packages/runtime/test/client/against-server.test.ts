import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createServer, pgliteStorage, type RunmetaServer } from "../../../server/src/index.ts";
import { ApiClient } from "../../src/client/api-client.ts";
import { batchTriggerTask, batchTriggerTaskAndWait } from "../../src/client/batch.ts";
import { apiClientKey, configure, requireApiClient } from "../../src/client/configure.ts";
import { idempotencyKeys } from "../../src/client/idempotency-keys.ts";
import { encodePacket } from "../../src/client/packet.ts";
import { runs } from "../../src/client/runs.ts";
import { tags } from "../../src/client/tags.ts";
import { triggerTask, triggerTaskAndWait } from "../../src/client/trigger.ts";
import { waitForRun } from "../../src/client/wait-for-run.ts";
import { runInScope } from "../../src/context/context-storage.ts";
import { BadRequestError, NotFoundError } from "../../src/errors.ts";
import { batch } from "../../src/lifecycle/batch.ts";
import { task } from "../../src/lifecycle/task.ts";
import { fakeScope } from "./fake-scope.ts";

let directory: string;
let server: RunmetaServer;
let onWait: ((id: string) => void) | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "runmeta-client-"));
  server = await createServer({ storage: pgliteStorage({ directory: join(directory, "data") }) });
  configure({
    baseURL: "http://in-process",
    accessToken: server.secretKey,
    fetch: (request) => {
      const waited = /\/engine\/v1\/runs\/(.+)\/result$/.exec(new URL(request.url).pathname)?.[1];
      if (waited !== undefined) onWait?.(waited);
      return server.fetch(request);
    },
  });
});

afterAll(async () => {
  configure({});
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

/** Does what a foreign worker does. */
async function execute(id: string, outcome: Record<string, unknown>): Promise<void> {
  const client = requireApiClient();
  await client.send("POST", `/engine/v1/runs/${id}/start`, { body: { attempt: 1 } });
  await client.send("POST", `/engine/v1/runs/${id}/complete`, { body: { attempt: 1, ...outcome } });
}

/** The next runs that somebody waits for. */
function nextWaitedRuns(count: number): Promise<string[]> {
  return new Promise((resolve) => {
    const ids = new Set<string>();
    onWait = (id) => {
      if (ids.add(id).size === count) resolve([...ids]);
    };
  });
}

describe("the client and the server", () => {
  it("a triggered run is read back with its payload, tags and metadata, and updated from outside", async () => {
    const metadata = { progress: 0, at: new Date(0) };
    const { id } = await triggerTask("import", { n: 1, at: new Date(0) }, { metadata, tags: ["a"] });
    const run = await runs.retrieve(id);
    expect(run).toMatchObject({
      id,
      taskIdentifier: "import",
      status: "QUEUED",
      payload: { n: 1, at: "1970-01-01T00:00:00.000Z" },
      tags: ["a"],
      metadata: { progress: 0, at: "1970-01-01T00:00:00.000Z" },
    });
    expect(run.createdAt).toBeInstanceOf(Date);
    const updated = await runs.updateMetadata(id, {
      operations: [{ type: "increment", key: "progress", value: 0.5 }],
    });
    expect(updated.metadata.progress).toBe(0.5);
    expect((await runs.updateMetadata(id, { metadata: { done: true } })).metadata).toEqual({ done: true });
    expect((await runs.retrieve(id)).metadata).toEqual({ done: true });
  });

  it("a trigger inside a run makes a child, and its idempotency key gives the same child again", async () => {
    const parent = await triggerTask("parent", {});
    const attachments = new Map([[apiClientKey, requireApiClient()]]);
    await runInScope(fakeScope({ id: parent.id, attachments }), async () => {
      const child = await triggerTask("child", {}, { idempotencyKey: "once" });
      const again = await triggerTask("child", {}, { idempotencyKey: "once" });
      expect(again).toEqual({
        ...child,
        isCached: true,
        ...(again.publicAccessToken === undefined ? {} : again),
      });
      await tags.add(["x", "y"]);
      const retrieved = await runs.retrieve(child);
      expect(retrieved.relatedRuns.parent?.id).toBe(parent.id);
      expect(retrieved.idempotencyKey).toBe("once");
    });
    expect((await runs.retrieve(parent)).tags).toEqual(["x", "y"]);
  });

  it("triggerAndWait gives what the worker completes the run with, a Date included", async () => {
    const waited = nextWaitedRuns(1);
    const result = triggerTaskAndWait<{ at: Date }>("waited", { n: 1 });
    const [id = ""] = await waited;
    const { data: output, dataType: outputType } = await encodePacket({ at: new Date(7) });
    await execute(id, { ok: true, output, outputType });
    expect(await result.unwrap()).toEqual({ at: new Date(7) });
    expect(await runs.poll(id)).toMatchObject({
      status: "COMPLETED",
      triggerFunction: "triggerAndWait",
    });
  });

  it("a run that failed, and one that was cancelled, are results with ok false", async () => {
    const failed = await triggerTask("failing", {});
    await execute(failed.id, { ok: false, error: { name: "RangeError", message: "too far" } });
    const result = await waitForRun(failed.id);
    expect(result).toMatchObject({
      ok: false,
      id: failed.id,
      error: { name: "RangeError", message: "too far" },
    });
    const cancelled = await triggerTask("failing", {});
    expect(await runs.cancel(cancelled)).toEqual({ id: cancelled.id });
    expect(await waitForRun(cancelled.id)).toMatchObject({ ok: false });
  });

  it("a batch gives its runs in the order of its items, also when it is triggered twice with one key", async () => {
    const items = Array.from({ length: 120 }, (_, n) => ({ payload: { n }, options: { metadata: { n } } }));
    const options = { idempotencyKey: "batch-once" };
    const triggered = await batchTriggerTask("batched", items, options);
    expect(triggered.runs).toHaveLength(120);
    const last = await runs.retrieve(triggered.runs[119] ?? { id: "" });
    expect(last).toMatchObject({
      metadata: { n: 119 },
      triggerFunction: "batchTrigger",
      batchId: triggered.batchId,
    });
    const again = await batchTriggerTask("batched", items, options);
    expect(again).toMatchObject({ batchId: triggered.batchId, isCached: true, runs: triggered.runs });
    const page = await runs.list({ batch: triggered.batchId, limit: 100 });
    expect(page.data).toHaveLength(100);
    expect((await page.getNextPage()).data).toHaveLength(20);
  });

  it("batchTriggerAndWait gives the results in the order of the items", async () => {
    const waited = nextWaitedRuns(3);
    const result = batchTriggerTaskAndWait<number>("squares", [
      { payload: 2 },
      { payload: 3 },
      { payload: 4 },
    ]);
    for (const id of (await waited).reverse()) {
      const payload = Number((await runs.retrieve(id)).payload);
      const { data: output, dataType: outputType } = await encodePacket(payload * payload);
      await execute(id, { ok: true, output, outputType });
    }
    expect((await result).runs.map((run) => run.ok && run.output)).toEqual([4, 9, 16]);
  });

  it("a batch of several tasks is triggered by id or by task, read back, and waited for", async () => {
    const square = task({ id: "square", run: async (n: number) => n * n });
    const shout = task({ id: "shout", run: async (text: string) => text.toUpperCase() });
    const byId = await batch.trigger<typeof square | typeof shout>([
      { id: "square", payload: 2 },
      { id: "shout", payload: "a", options: { tags: ["loud"] } },
    ]);
    const retrieved = await batch.retrieve(byId.batchId);
    expect(retrieved).toMatchObject({ id: byId.batchId, runCount: 2, runs: byId.runs.map(({ id }) => id) });
    expect(retrieved.createdAt).toBeInstanceOf(Date);
    expect(await runs.retrieve(byId.runs[1] ?? "")).toMatchObject({
      taskIdentifier: "shout",
      payload: "a",
      tags: ["loud"],
    });
    const waited = nextWaitedRuns(2);
    const results = batch.triggerByTaskAndWait([
      { task: square, payload: 3 },
      { task: shout, payload: "b" },
    ]);
    for (const id of (await waited).reverse()) {
      const { taskIdentifier } = await runs.retrieve(id);
      const { data: output, dataType: outputType } = await encodePacket(
        taskIdentifier === "square" ? 9 : "B",
      );
      await execute(id, { ok: true, output, outputType });
    }
    const [squared, shouted] = (await results).runs;
    expect(squared).toMatchObject({ ok: true, output: 9, taskIdentifier: "square" });
    expect(shouted).toMatchObject({ ok: true, output: "B", taskIdentifier: "shout" });
  });

  it("a run is replayed, as it was or with changes, and a delayed one is given another time", async () => {
    const first = await triggerTask("again", { at: new Date(0) }, { tags: ["a"], metadata: { n: 1 } });
    const same = await runs.replay(first);
    expect(same.id).not.toBe(first.id);
    expect(await runs.retrieve(same.id)).toMatchObject({
      payload: { at: "1970-01-01T00:00:00.000Z" },
      tags: ["a"],
      metadata: { n: 1 },
    });
    const other = await runs.replay(first.id, { payload: "text", tags: ["b"], metadata: { n: 2 } });
    expect(await runs.retrieve(other.id)).toMatchObject({ payload: "text", tags: ["b"], metadata: { n: 2 } });
    await expect(runs.replay("run_missing")).rejects.toBeInstanceOf(NotFoundError);

    const { id } = await triggerTask("later", {}, { delay: "1h" });
    const at = new Date(Date.now() + 7_200_000);
    const moved = await runs.reschedule(id, { delay: at });
    expect(moved).toMatchObject({ id, status: "DELAYED", delayedUntil: at });
    await expect(runs.reschedule(first, { delay: "1h" })).rejects.toBeInstanceOf(BadRequestError);
  });

  it("a key that is reset triggers anew, told by the key itself or by its text and scope", async () => {
    const key = await idempotencyKeys.create("order-1", { scope: "global" });
    const first = await triggerTask("ordered", {}, { idempotencyKey: key });
    expect((await triggerTask("ordered", {}, { idempotencyKey: key })).id).toBe(first.id);
    await idempotencyKeys.reset("ordered", key);
    const second = await triggerTask("ordered", {}, { idempotencyKey: key });
    expect(second.id).not.toBe(first.id);
    await idempotencyKeys.reset("ordered", "order-1", { scope: "global" });
    expect((await triggerTask("ordered", {}, { idempotencyKey: key })).id).not.toBe(second.id);
    await expect(idempotencyKeys.reset("ordered", "unknown", { scope: "global" })).rejects.toBeInstanceOf(
      NotFoundError,
    );
    await expect(idempotencyKeys.reset("ordered", "order-1")).rejects.toThrow("needs parentRunId");
  });

  it("errors come as the server says them", async () => {
    await expect(runs.retrieve("run_missing")).rejects.toMatchObject({
      status: 404,
      body: { error: "Not found" },
    });
    await expect(runs.updateMetadata("run_missing", { metadata: {} })).rejects.toMatchObject({
      status: 404,
      body: { error: "Task Run not found" },
    });
    const stranger = new ApiClient({
      baseURL: "http://in-process",
      accessToken: "tr_dev_stranger",
      fetch: (request) => server.fetch(request),
    });
    await expect(stranger.request("GET", "/api/v1/runs")).rejects.toMatchObject({ status: 401 });
    const { id } = await triggerTask("big", {});
    const operations = [{ type: "set", key: "text", value: "x".repeat(5_000) }] as const;
    await expect(runs.updateMetadata(id, { operations })).rejects.toMatchObject({ status: 413 });
  });
});
