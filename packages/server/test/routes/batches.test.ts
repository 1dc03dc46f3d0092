import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ShiftedClock } from "../server/shifted-clock.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const ndjson = { "content-type": "application/x-ndjson" };
const create = (body: unknown) => api.call("POST", "/api/v3/batches", body);
const send = (id: string, items: readonly unknown[]) =>
  api.call(
    "POST",
    `/api/v3/batches/${id}/items`,
    items.map((item) => JSON.stringify(item)).join("\n"),
    ndjson,
  );
const item = (index: number, options: object = {}) => ({
  index,
  task: "hello",
  payload: `p${index}`,
  options: { payloadType: "text/plain", ...options },
});

describe("batches", () => {
  test("two phases make the runs, each with its place, its batch and its parent", async () => {
    const parent = await api.trigger();
    const created = await create({ runCount: 3, parentRunId: parent, resumeParentOnCompletion: true });
    expect([created.status, created.body]).toEqual([
      202,
      { id: expect.stringMatching(/^batch_/), runCount: 3, isCached: false },
    ]);
    expect(created.headers.get("x-trigger-jwt-claims")).toBeTruthy();
    const { id } = created.body;
    const get = async () => (await api.call("GET", `/api/v2/batches/${id}`)).body;
    expect(await get()).toMatchObject({
      id,
      status: "PENDING",
      runCount: 3,
      runs: [],
      processing: { errors: [] },
    });

    const sent = await send(id, [item(2), item(0), item(1)]);
    expect([sent.status, sent.body]).toEqual([
      200,
      { id, itemsAccepted: 3, itemsDeduplicated: 0, sealed: true, runCount: 3 },
    ]);
    const batch = await get();
    expect(batch.status).toBe("PROCESSING");
    expect(batch.processing.completedAt).toBeTruthy();
    const runs = await Promise.all(
      batch.runs.map(async (run: string) => (await api.call("GET", `/api/v3/runs/${run}`)).body),
    );
    expect(runs.map((run) => run.payload)).toEqual(["p0", "p1", "p2"]);
    expect(runs[0]).toMatchObject({ batchId: id, triggerFunction: "batchTriggerAndWait", depth: 1 });
    expect((await api.call("GET", `/api/v1/runs?filter[batch]=${id}`)).body.data).toHaveLength(3);
    for (const run of batch.runs) await api.call("POST", `/engine/v1/runs/${run}/complete`, { ok: true });
    expect((await get()).status).toBe("COMPLETED");
  });

  test("items sent again, in parts or at the same time, make no second run", async () => {
    const { id } = (await create({ runCount: 3 })).body;
    const part = await send(id, [item(0), item(0)]);
    expect(part.body).toEqual({
      id,
      itemsAccepted: 1,
      itemsDeduplicated: 1,
      sealed: false,
      enqueuedCount: 1,
      expectedCount: 3,
    });
    const all = [item(0), item(1), item(2)];
    await Promise.all([send(id, all), send(id, all)]);
    const again = await send(id, all);
    expect(again.body).toEqual({ id, itemsAccepted: 0, itemsDeduplicated: 3, sealed: true, runCount: 3 });
    expect((await api.call("GET", `/api/v1/runs?filter[batch]=${id}`)).body.data).toHaveLength(3);
  });

  test("an idempotency key gives the earlier batch; items have their own keys", async () => {
    const first = await create({ runCount: 1, idempotencyKey: "b1" });
    const second = await create({ runCount: 1, idempotencyKey: "b1" });
    expect([second.status, second.body]).toEqual([
      200,
      { ...first.body, isCached: true, idempotencyKey: "b1" },
    ]);
    const run = await api.trigger({ idempotencyKey: "i1" });
    await send(first.body.id, [item(0, { idempotencyKey: "i1" })]);
    expect((await api.call("GET", `/api/v2/batches/${first.body.id}`)).body.runs).toEqual([run]);
  });

  test("a batch whose items did not all come takes them at the next try with its key", async () => {
    const clock = new ShiftedClock();
    await using api = await startTestServer({ clock });
    const create = (body: unknown, headers?: Record<string, string>) =>
      api.call("POST", "/api/v3/batches", body, headers);
    const send = (id: string, items: readonly unknown[]) =>
      api.call(
        "POST",
        `/api/v3/batches/${id}/items`,
        items.map((one) => JSON.stringify(one)).join("\n"),
        ndjson,
      );
    const first = await create({ runCount: 2, idempotencyKey: "b2" });
    await send(first.body.id, [item(0)]);
    // The one who announced it may be sending.
    expect((await create({ runCount: 2, idempotencyKey: "b2" })).body.isCached).toBe(true);
    clock.advance(6000);
    const again = await create({ runCount: 2, idempotencyKey: "b2" });
    expect([again.status, again.body]).toEqual([202, { ...first.body, isCached: false }]);
    expect((await send(first.body.id, [item(0), item(1)])).body).toMatchObject({
      itemsAccepted: 1,
      itemsDeduplicated: 1,
      sealed: true,
    });
    expect((await create({ runCount: 2, idempotencyKey: "b2" })).body.isCached).toBe(true);
    const other = await create({ runCount: 1, idempotencyKey: "b3" });
    const larger = await create({ runCount: 2, idempotencyKey: "b3" });
    expect(larger.body).toMatchObject({ isCached: false, runCount: 2 });
    expect(larger.body.id).not.toBe(other.body.id);
  });

  test("an announcement that is sent again is one batch, and not cached: its items still come", async () => {
    for (const key of [undefined, "b4"]) {
      const call = () =>
        api.call(
          "POST",
          "/api/v3/batches",
          { runCount: 1, idempotencyKey: key },
          { "x-trigger-request-idempotency-key": `call ${key}` },
        );
      const answers = await Promise.all([call(), call(), call()]);
      expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
      expect(answers[0]?.body.isCached).toBe(false);
    }
  });

  test("a batch whose items stay away is over after a day: aborted, or partly failed when runs exist", async () => {
    const clock = new ShiftedClock();
    await using late = await startTestServer({ clock });
    const [none, some] = [
      (await late.call("POST", "/api/v3/batches", { runCount: 2 })).body.id,
      (await late.call("POST", "/api/v3/batches", { runCount: 2 })).body.id,
    ];
    const sendLate = (id: string) =>
      late.call("POST", `/api/v3/batches/${id}/items`, JSON.stringify(item(0)), ndjson);
    await sendLate(some);
    clock.advance(25 * 3_600_000);
    for (const [id, status] of [
      [none, "ABORTED"],
      [some, "PARTIAL_FAILED"],
    ]) {
      expect((await late.call("GET", `/api/v2/batches/${id}`)).body.status).toBe(status);
      const refused = await sendLate(id);
      expect([refused.status, refused.body.error]).toEqual([
        422,
        `Batch ${id} is not in PENDING status (current: ${status})`,
      ]);
    }
  });

  test("an item of more than a megabyte", async () => {
    const { id } = (await create({ runCount: 1 })).body;
    const large = { ...item(0), payload: "é".repeat(600_000) };
    expect((await send(id, [large])).body.sealed).toBe(true);
    const [run] = (await api.call("GET", `/api/v2/batches/${id}`)).body.runs;
    expect((await api.call("GET", `/api/v3/runs/${run}`)).body.payload).toBe(large.payload);
  });

  test("a thousand items in pieces of any size", async () => {
    const { id } = (await create({ runCount: 1000 })).body;
    const bytes = new TextEncoder().encode(
      Array.from({ length: 1000 }, (_, index) => `${JSON.stringify(item(index))}\n`).join("\n"),
    );
    let at = 0;
    const stream = new ReadableStream({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.subarray(at, (at += 777)));
      },
    });
    const answer = await api.call("POST", `/api/v3/batches/${id}/items`, stream, ndjson);
    expect(answer.body).toMatchObject({ itemsAccepted: 1000, sealed: true });
  });

  test.each([
    ["no batch", "batch_none", [item(0)], 422, "Batch batch_none not found"],
    ["an index too high", "", [item(5)], 422, "Item index 5 exceeds batch runCount 2"],
    ["a broken item", "", [{ index: 0, task: 5 }], 422, "Invalid item at index 0: Validation error"],
    ["wrong metadata", "", [item(0, { metadata: [] })], 422, "Invalid item at index 0: Invalid metadata"],
    ["no task", "", [{ index: 1, task: "" }], 422, "Invalid item at index 1: Task not found"],
  ])("refuses %s", async (_name, batch, items, status, error) => {
    const id = batch || (await create({ runCount: 2 })).body.id;
    const answer = await send(id, items);
    expect(answer.status).toBe(status);
    expect(answer.body.error.startsWith(error)).toBe(true);
  });

  test("refuses other content types, broken lines and long ones", async () => {
    const { id } = (await create({ runCount: 1 })).body;
    const path = `/api/v3/batches/${id}/items`;
    expect((await api.call("POST", path, "{}")).status).toBe(415);
    const broken = await api.call("POST", path, "{]\n", ndjson);
    expect([broken.status, broken.text]).toEqual([400, '{"error":"Invalid JSON"}']);
    expect((await api.call("POST", path, "x".repeat(4_000_000), ndjson)).status).toBe(413);
    expect((await api.call("POST", path, "\n \n", ndjson)).body.itemsAccepted).toBe(0);
  });

  test.each([{ runCount: 0 }, { runCount: 1001 }, { runCount: 1.5 }, {}, []])(
    "phase one refuses %j",
    async (body) => {
      expect((await create(body)).status).toBe(400);
    },
  );

  test("an unknown batch is 404", async () => {
    for (const id of ["batch_none", "x", "%00"]) {
      expect((await api.call("GET", `/api/v2/batches/${id}`)).text).toBe('{"error":"Not found"}');
    }
  });
});
