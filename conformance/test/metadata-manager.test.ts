import { metadata, runs, tags, tasks } from "@trigger.dev/sdk";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startLossyProxy } from "../../packages/runtime/test/guide/lossy-proxy.ts";
import { onEveryDatabase } from "./api.ts";

// Before the imports above: the manager must be there when the SDK loads.
const { enterRun, leaveRun } = await vi.hoisted(() => import("./task-context.ts"));

onEveryDatabase((api) => {
  let complaints: ReturnType<typeof vi.spyOn>;
  beforeEach(() => {
    // The manager tells of failed flushes by console.error alone.
    complaints = vi.spyOn(console, "error");
  });
  afterEach(() => {
    expect(complaints.mock.calls).toEqual([]);
    complaints.mockRestore();
    leaveRun();
  });

  describe("metadata.* of the official SDK inside a task", () => {
    test("what it reads locally is what the server has after a flush", async () => {
      const id = await api.run();
      enterRun(api.url, id);
      metadata
        .set("progress", 0.1)
        .set("user", { name: "Ann", tags: ["x"] })
        .append("log", "first")
        .append("log", "second")
        .increment("count", 5)
        .decrement("count", 2)
        .remove("log", "first");
      metadata.set("$.user.name", "Bea");
      metadata.set("gone", 1).del("gone");
      await metadata.flush();
      const expected = { progress: 0.1, user: { name: "Bea", tags: ["x"] }, log: ["second"], count: 3 };
      expect(metadata.current()).toEqual(expected);
      expect(await api.document(id)).toEqual(expected);
      metadata.replace({ only: true });
      await metadata.flush();
      expect(await api.document(id)).toEqual({ only: true });
    });

    test("refresh reads what others wrote", async () => {
      const id = await api.run({ metadata: { a: 1 } });
      enterRun(api.url, id);
      await metadata.refresh();
      expect(metadata.current()).toEqual({ a: 1 });
      await api.client().updateRunMetadata(id, { metadata: { a: 2, by: "others" } });
      await metadata.refresh();
      expect(metadata.get("by")).toBe("others");
    });

    test("a flush brings what others wrote into the local copy", async () => {
      const id = await api.run();
      enterRun(api.url, id);
      await api.client().updateRunMetadata(id, { metadata: { by: "others" } });
      metadata.set("own", 1);
      await metadata.flush();
      expect(metadata.current()).toEqual({ by: "others", own: 1 });
    });

    test("parent and root", async () => {
      const root = await api.run();
      const parent = await api.run({ parentRunId: root });
      const child = await api.run({ parentRunId: parent });
      enterRun(api.url, child);
      metadata.parent.increment("done", 1).append("names", "child");
      metadata.root.set("last", "child").increment("total", 2);
      await metadata.flush();
      expect(await api.document(parent)).toEqual({ done: 1, names: ["child"] });
      expect(await api.document(root)).toEqual({ last: "child", total: 2 });
      expect(await api.document(child)).toEqual({});
    });

    test("in a root run parent and root are the run itself", async () => {
      const id = await api.run();
      enterRun(api.url, id, { isRoot: true });
      metadata.parent.increment("n", 1);
      metadata.root.increment("n", 1);
      await metadata.flush();
      expect(await api.document(id)).toEqual({ n: 2 });
    });

    test("the periodic flush of the worker, beside writes that go on", async () => {
      const id = await api.run();
      const manager = enterRun(api.url, id);
      const flushed = vi.spyOn(manager, "flush");
      manager.startPeriodicFlush(5);
      for (let step = 1; step <= 200; step++) {
        metadata.increment("n", 1).append("list", step);
        if (step % 20 === 0) await Promise.all(flushed.mock.results.map(({ value }) => value));
        if (step % 20 === 0) await metadata.flush();
      }
      manager.stopPeriodicFlush();
      await Promise.all(flushed.mock.results.map(({ value }) => value));
      await metadata.flush();
      expect(await api.document(id)).toEqual({
        n: 200,
        list: Array.from({ length: 200 }, (_, index) => index + 1),
      });
    });
  });

  describe("other calls of the SDK inside a task", () => {
    test("a triggered child has this run as its parent, a child's batch too", async () => {
      const root = await api.run();
      enterRun(api.url, root);
      const child = await tasks.trigger("child", { n: 1 });
      const batch = await tasks.batchTrigger("child", [{ payload: 1 }]);
      leaveRun();
      const read = await runs.retrieve(child.id);
      expect(read).toMatchObject({ depth: 1, relatedRuns: { parent: { id: root }, root: { id: root } } });
      const [item] = (await runs.list({ batch: batch.batchId })).data;
      expect((await runs.retrieve(item?.id ?? "")).relatedRuns.parent?.id).toBe(root);
    });

    test("an idempotency key made here is the run's own", async () => {
      const [first, second] = [await api.run(), await api.run()];
      const childOf = async (parent: string) => {
        enterRun(api.url, parent);
        return (await tasks.trigger("child", {}, { idempotencyKey: "the-same-text" })).id;
      };
      const child = await childOf(first);
      expect(await childOf(first)).toBe(child);
      expect(await childOf(second)).not.toBe(child);
    });

    test("tags.add adds to this run", async () => {
      const id = await api.run({ tags: ["a"] });
      enterRun(api.url, id);
      await tags.add(["b", "c"]);
      leaveRun();
      expect((await runs.retrieve(id)).tags).toEqual(["a", "b", "c"]);
    });
  });

  test("replies that are lost: the client sends again with the same key, and each write counts once", async () => {
    await using proxy = await startLossyProxy(api.url);
    const parent = await api.run();
    const child = await api.run({ parentRunId: parent });
    enterRun(proxy.url, child);
    for (let step = 1; step <= 60; step++) {
      metadata.increment("n", 1).append("list", step);
      metadata.parent.increment("done", 1);
      await metadata.flush();
    }
    expect(proxy.lost).toBeGreaterThan(20);
    expect(await api.document(child)).toEqual({
      n: 60,
      list: Array.from({ length: 60 }, (_, index) => index + 1),
    });
    expect(await api.document(parent)).toEqual({ done: 60 });
  }, 60_000);
});
