import { batch, runs, tasks } from "@trigger.dev/sdk";
import { describe, expect, test } from "vitest";
import { onEveryQueue } from "./api.ts";
import { PROD_KEY } from "./keys.ts";

const NDJSON = { "content-type": "application/x-ndjson" };

/** Items as the client would write them, one a line. */
function lines(items: readonly object[]): string {
  return items.map((item) => `${JSON.stringify(item)}\n`).join("");
}

onEveryQueue((api) => {
  const items = (id: string, body: string | Uint8Array, headers: Record<string, string> = NDJSON) =>
    api.plain("POST", `/api/v3/batches/${id}/items`, { body, headers });
  const create = async (runCount: number, more: object = {}) =>
    (await api.plain("POST", "/api/v3/batches", { body: { runCount, ...more } })).body.id as string;

  describe("tasks.batchTrigger and batch.trigger", () => {
    test("makes a run of every item, in order, each with its own options", async () => {
      const handle = await tasks.batchTrigger(
        "hello",
        [0, 1, 2].map((n) => ({ payload: { n }, options: { metadata: { n }, tags: [`n:${n}`] } })),
      );
      expect(handle.batchId).toMatch(/^batch_/);
      expect(handle.runCount).toBe(3);
      expect(handle.publicAccessToken.split(".")).toHaveLength(3);
      const retrieved = await batch.retrieve(handle.batchId);
      expect(retrieved).toMatchObject({ runCount: 3, processing: { errors: [] } });
      expect(["PENDING", "PROCESSING"]).toContain(retrieved.status);
      for (const [n, id] of retrieved.runs.entries()) {
        const run = await runs.retrieve(id);
        expect(run).toMatchObject({
          payload: { n },
          metadata: { n },
          tags: [`n:${n}`],
          batchId: handle.batchId,
          triggerFunction: "batchTrigger",
        });
      }
    });

    test("takes items of several tasks", async () => {
      const handle = await batch.trigger([
        { id: "one", payload: "text" },
        { id: "two", payload: { at: new Date(0) } },
      ]);
      const { runs: ids } = await batch.retrieve(handle.batchId);
      const read = await Promise.all(ids.map((id) => runs.retrieve(id)));
      expect(read.map((run) => [run.taskIdentifier, run.payload])).toEqual([
        ["one", "text"],
        ["two", { at: "1970-01-01T00:00:00.000Z" }],
      ]);
    });

    test("sends 1,000 items in one stream", async () => {
      const handle = await tasks.batchTrigger(
        "many",
        Array.from({ length: 1000 }, (_, n) => ({ payload: { n } })),
      );
      const { runs: ids, status } = await batch.retrieve(handle.batchId);
      expect(new Set(ids).size).toBe(1000);
      expect(status).toBe("PROCESSING");
      const last = await runs.retrieve(ids[999] ?? "");
      expect(last.payload).toEqual({ n: 999 });
    });

    test("the same idempotency key gives the same batch, and phase two is skipped", async () => {
      const options = { idempotencyKey: "batch-key" };
      const first = await tasks.batchTrigger("hello", [{ payload: 1 }, { payload: 2 }], options);
      const second = await tasks.batchTrigger("hello", [{ payload: 3 }, { payload: 4 }], options);
      expect(second.batchId).toBe(first.batchId);
      expect((await batch.retrieve(first.batchId)).runs).toHaveLength(2);
    });

    test("an item's idempotency key takes the run that is there", async () => {
      const single = await tasks.trigger("hello", {}, { idempotencyKey: "item-key" });
      const handle = await tasks.batchTrigger("hello", [
        { payload: 1, options: { idempotencyKey: "item-key" } },
        { payload: 2 },
      ]);
      const { runs: ids } = await batch.retrieve(handle.batchId);
      expect(ids[0]).toBe(single.id);
      expect(new Set(ids).size).toBe(2);
    });

    test("is COMPLETED when its last run has ended", async () => {
      const handle = await tasks.batchTrigger("hello", [{ payload: 1 }, { payload: 2 }]);
      const { runs: ids } = await batch.retrieve(handle.batchId);
      for (const id of ids) {
        await api.plain("POST", `/engine/v1/runs/${id}/start`, { body: { attempt: 1 } });
        await api.plain("POST", `/engine/v1/runs/${id}/complete`, { body: { attempt: 1, ok: true } });
      }
      expect((await batch.retrieve(handle.batchId)).status).toBe("COMPLETED");
    });
  });

  describe("phase one by plain requests", () => {
    test("202 for a new batch, 200 for a known key; the client may read the token", async () => {
      const body = { runCount: 1, idempotencyKey: "phase-one" };
      const first = await api.plain("POST", "/api/v3/batches", { body });
      expect([first.status, first.body]).toEqual([
        202,
        { id: expect.stringMatching(/^batch_/), runCount: 1, isCached: false, idempotencyKey: "phase-one" },
      ]);
      const second = await api.plain("POST", "/api/v3/batches", { body });
      expect([second.status, second.body]).toEqual([
        200,
        { id: first.body.id, runCount: 1, isCached: true, idempotencyKey: "phase-one" },
      ]);
    });

    test.each([0, -1, 1.5, 1001, "3", null, undefined])("a run count of %s is 400", async (runCount) => {
      const answer = await api.plain("POST", "/api/v3/batches", { body: { runCount } });
      expect([answer.status, typeof answer.body.error]).toEqual([400, "string"]);
    });
  });

  describe("phase two by plain requests", () => {
    test("counts, seals, and answers a sealed batch with nothing accepted", async () => {
      const id = await create(2);
      const first = await items(id, lines([{ index: 0, task: "hello", payload: "1" }]));
      expect([first.status, first.body]).toEqual([
        200,
        { id, itemsAccepted: 1, itemsDeduplicated: 0, sealed: false, enqueuedCount: 1, expectedCount: 2 },
      ]);
      const whole = lines([0, 1].map((index) => ({ index, task: "hello" })));
      expect((await items(id, whole)).body).toMatchObject({
        itemsAccepted: 1,
        itemsDeduplicated: 1,
        sealed: true,
      });
      const again = await items(id, whole);
      expect([again.status, again.body.sealed, again.body.itemsAccepted]).toEqual([200, true, 0]);
      expect((await batch.retrieve(id)).runs).toHaveLength(2);
    });

    test("takes application/ndjson, and a last line without its end", async () => {
      const id = await create(2);
      const body = lines([0, 1].map((index) => ({ index, task: "hello" }))).trimEnd();
      const answer = await items(id, body, { "content-type": "application/ndjson; charset=utf-8" });
      expect(answer.body).toMatchObject({ itemsAccepted: 2, sealed: true });
    });

    test("refusals have the official statuses and texts", async () => {
      const id = await create(1);
      const good = lines([{ index: 0, task: "hello" }]);
      const type = await items(id, good, { "content-type": "application/json" });
      expect([type.status, type.body.error]).toEqual([
        415,
        "Content-Type must be application/x-ndjson or application/ndjson",
      ]);
      const missing = await items("batch_none", good);
      expect([missing.status, missing.body.error]).toEqual([422, "Batch batch_none not found"]);
      const over = await items(id, lines([{ index: 1, task: "hello" }]));
      expect([over.status, over.body.error]).toEqual([422, "Item index 1 exceeds batch runCount 1"]);
      const invalid = await items(id, lines([{ index: -1, task: "hello" }]));
      expect([invalid.status, invalid.body.error]).toEqual([
        422,
        expect.stringMatching(/^Invalid item at index 0: /),
      ]);
      const broken = await items(id, "{\n");
      expect([broken.status, broken.body.error]).toEqual([400, expect.stringContaining("Invalid JSON")]);
      expect((await batch.retrieve(id)).runs).toEqual([]);
    });

    test("a batch is its environment's own", async () => {
      const id = await create(1);
      const other = await api.plain("GET", `/api/v2/batches/${id}`, { key: PROD_KEY });
      expect([other.status, other.body.error]).toEqual([404, "Not found"]);
    });
  });

  test("GET of a batch: what has no value is left out", async () => {
    const { body } = await api.plain("GET", `/api/v2/batches/${await create(1)}`);
    expect(body).toMatchObject({ status: "PENDING", runCount: 1, runs: [], processing: { errors: [] } });
    expect(body).not.toHaveProperty("idempotencyKey");
    expect(body.processing).not.toHaveProperty("completedAt");
  });
});
