import { metadata, task, wait } from "@runmeta/runtime";
import { describe, expect, test } from "vitest";
import { lostReply, mockRun, runTask, scriptedEndpoint, status } from "../src/index.ts";

describe("timeline", () => {
  test("has every write by itself, as the code made it, with the document that the code saw", async () => {
    const run = await mockRun({ metadata: { list: [{ n: 1 }] } }, () => {
      metadata.set("at", new Date(0)).set("at", undefined).increment("count").decrement("count", 3);
      metadata.append("list", { n: 2 }).remove("list", { n: 1 }).set("$.list[0].n", 5).del("$.list[0].n");
      metadata.del("missing").replace({ done: true });
    });
    expect(run.timeline.map(({ operation, document }) => [operation, document])).toEqual([
      [
        { type: "set", key: "at", value: "1970-01-01T00:00:00.000Z" },
        { list: [{ n: 1 }], at: "1970-01-01T00:00:00.000Z" },
      ],
      [{ type: "delete", key: "at" }, { list: [{ n: 1 }] }],
      [
        { type: "increment", key: "count", value: 1 },
        { list: [{ n: 1 }], count: 1 },
      ],
      [
        { type: "increment", key: "count", value: -3 },
        { list: [{ n: 1 }], count: -2 },
      ],
      [
        { type: "append", key: "list", value: { n: 2 } },
        { list: [{ n: 1 }, { n: 2 }], count: -2 },
      ],
      [
        { type: "remove", key: "list", value: { n: 1 } },
        { list: [{ n: 2 }], count: -2 },
      ],
      [
        { type: "set", key: "$.list[0].n", value: 5 },
        { list: [{ n: 5 }], count: -2 },
      ],
      [
        { type: "delete", key: "$.list[0].n" },
        { list: [{}], count: -2 },
      ],
      [
        { type: "delete", key: "missing" },
        { list: [{}], count: -2 },
      ],
      [{ type: "update", value: { done: true } }, { done: true }],
    ]);
  });

  test("has no write that was refused, and those that were never stored", async () => {
    const endpoint = scriptedEndpoint([], { otherwise: status(503) });
    const run = await mockRun({ endpoint, maximumSize: 20 }, () => {
      expect(() => metadata.set("large", "x".repeat(30))).toThrow("20");
      expect(() => metadata.append("list", undefined)).toThrow("needs a value");
      metadata.set("a", 1);
    });
    expect(run.timeline.map(({ operation }) => operation)).toEqual([{ type: "set", key: "a", value: 1 }]);
    expect([run.stored, run.stats.pending]).toEqual([[], 1]);
  });

  test("says when, and in which attempt", async () => {
    const twice = task({
      id: "timeline-twice",
      retry: { maxAttempts: 2, minTimeoutInMs: 60_000, randomize: false },
      metadata: { onRetry: "reset" },
      run: async (_: unknown, { ctx }) => {
        metadata.increment("n");
        await wait.for({ seconds: 5 });
        metadata.increment("n");
        if (ctx.attempt.number === 1) throw new Error("once more");
      },
    });
    const run = await runTask(twice, undefined);
    expect(run.timeline.map(({ at, attempt, document }) => [at, attempt, document])).toEqual([
      [0, 1, { n: 1 }],
      [5_000, 1, { n: 2 }],
      [65_000, 2, {}],
      [65_000, 2, { n: 1 }],
      [70_000, 2, { n: 2 }],
    ]);
  });

  test("stored has what was sent, merged, once for each batch however often it was sent", async () => {
    const endpoint = scriptedEndpoint([status(503), lostReply()]);
    const run = await mockRun({ endpoint }, async () => {
      metadata.set("step", 1).set("step", 2).increment("n").increment("n");
      await metadata.flush();
      metadata.set("step", 3);
    });
    expect(run.timeline).toHaveLength(5);
    expect(run.stored.map(({ operations }) => operations)).toEqual([
      [
        { type: "set", key: "step", value: 2 },
        { type: "increment", key: "n", value: 2 },
      ],
      [{ type: "set", key: "step", value: 3 }],
    ]);
    expect(endpoint.applied(run.id)).toEqual(run.stored.flatMap(({ operations }) => operations));
  });

  test("has what children wrote to their parent and root, when it arrived", async () => {
    const grandchild = task({
      id: "timeline-grandchild",
      run: () => {
        metadata.parent.set("seen", true).set("$.no.such.parent", 1);
        metadata.root.increment("grandchildren");
      },
    });
    const child = task({
      id: "timeline-child",
      run: async () => {
        metadata.parent.append("children", "one");
        await metadata.flush();
        await grandchild.triggerAndWait();
      },
    });
    const run = await mockRun({ id: "run_top" }, async () => {
      metadata.set("begun", true);
      await metadata.flush();
      await child.triggerAndWait();
    });
    const [first] = run.children;
    expect(run.timeline).toMatchObject([
      { operation: { key: "begun" }, document: { begun: true } },
      { operation: { key: "children" }, by: first?.id },
      { operation: { key: "grandchildren" }, by: first?.children[0]?.id },
    ]);
    expect(run.timeline[0]).not.toHaveProperty("by");
    expect(run.timeline.at(-1)?.document).toEqual({ begun: true, children: ["one"], grandchildren: 1 });
    expect(first?.timeline).toMatchObject([
      { operation: { type: "set", key: "seen" }, document: { seen: true } },
    ]);
  });
});
