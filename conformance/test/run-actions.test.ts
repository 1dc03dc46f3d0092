import { idempotencyKeys, runs, tasks } from "@trigger.dev/sdk";
import { describe, expect, test } from "vitest";
import { onEveryDatabase } from "./api.ts";

onEveryDatabase(() => {
  describe("payloads that the client uploads first", () => {
    test.each([200_000, 2_000_000])("%d characters", async (size) => {
      const payload = { at: new Date(0), text: "é".repeat(size) };
      const { id } = await tasks.trigger("hello", payload);
      expect((await runs.retrieve(id)).payload).toEqual({
        at: "1970-01-01T00:00:00.000Z",
        text: payload.text,
      });
    });

    test("in a batch", async () => {
      const text = "x".repeat(200_000);
      const batch = await tasks.batchTrigger("hello", [{ payload: text }, { payload: "small" }]);
      const page = await runs.list({ batch: batch.batchId });
      const payloads = await Promise.all(page.data.map(async ({ id }) => (await runs.retrieve(id)).payload));
      expect(payloads).toEqual(["small", text]);
    });
  });

  test("runs.replay repeats a run, with overrides where they are given", async () => {
    const { id } = await tasks.trigger("hello", { at: new Date(0) }, { metadata: { n: 1 }, tags: ["a"] });
    const same = await runs.retrieve((await runs.replay(id)).id);
    expect(same).toMatchObject({
      payload: { at: "1970-01-01T00:00:00.000Z" },
      metadata: { n: 1 },
      tags: ["a"],
    });
    const changed = await runs.replay(id, { payload: { at: new Date(1) }, metadata: { n: 2 }, tags: ["b"] });
    expect(await runs.retrieve(changed.id)).toMatchObject({
      payload: { at: "1970-01-01T00:00:00.001Z" },
      metadata: { n: 2 },
      tags: ["b"],
    });
    await expect(runs.replay("run_none")).rejects.toMatchObject({ status: 404 });
  });

  test("runs.reschedule gives a delayed run another time", async () => {
    const { id } = await tasks.trigger("hello", {}, { delay: "1h" });
    const delay = new Date(Date.now() + 60_000);
    expect((await runs.reschedule(id, { delay })).delayedUntil).toEqual(delay);
  });

  test("idempotencyKeys.reset frees a key", async () => {
    const idempotencyKey = await idempotencyKeys.create("order-1", { scope: "global" });
    const first = await tasks.trigger("hello", {}, { idempotencyKey });
    await idempotencyKeys.reset("hello", idempotencyKey);
    expect((await tasks.trigger("hello", {}, { idempotencyKey })).id).not.toBe(first.id);
  });

  test("debounce joins triggers in one run", async () => {
    const options = { debounce: { key: "k", delay: "10m", mode: "trailing" as const } };
    const first = await tasks.trigger("hello", { n: 1 }, options);
    expect((await tasks.trigger("hello", { n: 2 }, options)).id).toBe(first.id);
    expect((await runs.retrieve(first.id)).payload).toEqual({ n: 2 });
  });
});
