import { metadata, task, wait } from "@runmeta/runtime";
import { describe } from "vitest";
import { networkFault, scriptedEndpoint, status, type TestRun } from "../../src/index.ts";
import { expect, test } from "../../src/vitest.ts";

const importRows = task({
  id: "matchers-import",
  onStart: () => {},
  onSuccess: () => {},
  run: (rows: string[]) => {
    for (const row of rows) metadata.increment("imported").append("rows", { row, at: new Date(0) });
    metadata.set("$.last.row", rows.at(-1));
  },
});

function messageOf(assertion: () => void): string {
  try {
    assertion();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("the assertion passed");
}

describe("toHaveMetadata", () => {
  test("matches a part of the document, deeply", async ({ runTask }) => {
    const run = await runTask(importRows, ["a", "b"]);
    expect(run).toHaveMetadata({ imported: 2 });
    expect(run).toHaveMetadata({ rows: [{ row: "a" }, { row: "b" }], last: {} });
    expect(run).not.toHaveMetadata({ imported: 3 });
    expect(run).not.toHaveMetadata({ rows: [{ row: "a" }] });
    expect(run).not.toHaveMetadata({ missing: undefined });
  });

  test("takes asymmetric matchers at any depth", async ({ runTask }) => {
    const run = await runTask(importRows, ["a"]);
    expect(run).toHaveMetadata({
      imported: expect.any(Number),
      rows: [{ at: expect.stringMatching(/^1970/) }],
    });
    expect(run).toHaveMetadata("rows", expect.arrayContaining([expect.objectContaining({ row: "a" })]));
    expect(run).not.toHaveMetadata({ imported: expect.any(String) });
    expect({ run }).toEqual({ run: expect.toHaveMetadata({ imported: 1 }) });
  });

  test("takes a key or a path, with a value or without", async ({ runTask }) => {
    const run = await runTask(importRows, ["a", "b"]);
    expect(run).toHaveMetadata("imported");
    expect(run).toHaveMetadata("imported", 2);
    expect(run).toHaveMetadata("$.last.row", "b");
    expect(run).toHaveMetadata("$.rows[1].row", "b");
    expect(run).toHaveMetadata("$.rows.0", { row: "a", at: new Date(0).toISOString() });
    expect(run).not.toHaveMetadata("last.row");
    expect(run).not.toHaveMetadata("$.rows[2]");
    expect(run).not.toHaveMetadata("$.rows[0]", { row: "a" });
    expect(() => expect(run).toHaveMetadata("$.rows[*]")).toThrow("plain names and indexes");
  });

  test("says what was found", async ({ runTask }) => {
    const run = await runTask(importRows, ["a"]);
    expect(messageOf(() => expect(run).toHaveMetadata("imported", 2))).toMatchInlineSnapshot(
      `"expected metadata to have "imported": 2; found 1, in {"imported": 1, "last": {"row": "a"}, "rows": [{"at": "1970-01-01T00:00:00.000Z", "row": "a"}]}"`,
    );
    expect(messageOf(() => expect(run).not.toHaveMetadata({ imported: 1 }))).toContain(
      'expected metadata not to have {"imported": 1}',
    );
    // The diff shows what was asked for, not the rest of the document.
    const failure = {
      actual: { imported: 1, last: { row: "a" } },
      expected: { imported: 2, last: { row: "a" } },
    };
    expect(() => expect(run).toHaveMetadata(failure.expected)).toThrow(expect.objectContaining(failure));
  });

  test("works with resolves and with expect.poll", async ({ runTask }) => {
    await expect(runTask(importRows, ["a"])).resolves.toHaveMetadata({ imported: 1 });
    await expect(runTask(importRows, ["a"])).resolves.not.toHaveMetadata({ imported: 2 });
    let run: TestRun | undefined;
    void runTask(importRows, ["a"]).then((ended) => (run = ended));
    await expect.poll(() => run).toHaveMetadata("imported", 1);
  });

  test("works on metadata inside a run, and refuses what has none", async ({ mockRun }) => {
    await mockRun({ metadata: { step: 1 } }, ({ metadata: own }) => {
      metadata.increment("step");
      expect(metadata).toHaveMetadata("step", 2);
      expect(own).toHaveMetadata({ step: 2 });
    });
    expect(() => expect(Promise.resolve()).toHaveMetadata({})).toThrow("Was `await` forgotten?");
    expect(() => expect(metadata).toHaveMetadata({})).toThrow("inside one");
  });
});

describe("toHaveFlushed", () => {
  const twoBatches = task({
    id: "matchers-batches",
    run: async () => {
      metadata.set("step", 1);
      await wait.for({ minutes: 1 });
      metadata.set("step", 2);
    },
  });

  test("counts batches, however often each was sent", async ({ runTask, endpoint }) => {
    endpoint.reply(status(503), status(503));
    const run = await runTask(twoBatches, undefined);
    expect(run).toHaveFlushed();
    expect(run).toHaveFlushed({ times: 2 });
    expect(run).not.toHaveFlushed({ times: 4 });
    expect(messageOf(() => expect(run).toHaveFlushed({ times: 1 }))).toMatch(
      /flushed 1 times, it did 2 times \(2 writes: 0 pending, 0 dropped\):\n {2}at 250 ms: 503 \{"operations"/,
    );
  });

  test("without times, says whether every write is stored", async ({ runTask }) => {
    const endpoint = scriptedEndpoint([], { otherwise: networkFault("ECONNREFUSED") });
    const run = await runTask(twoBatches, undefined, { endpoint });
    expect(run).not.toHaveFlushed();
    expect(messageOf(() => expect(run).toHaveFlushed())).toContain("stored every write; 2 writes: 2 pending");
  });
});

describe("toHaveRunHooks", () => {
  test("compares names, or parts, in order", async ({ runTask }) => {
    const run = await runTask(importRows, ["a"]);
    expect(run).toHaveRunHooks(["onStart", "onSuccess"]);
    expect(run).toHaveRunHooks(["onStart", { hook: "onSuccess", source: "task", attempt: 1 }]);
    expect(run).toHaveRunHooks(expect.arrayContaining(["onSuccess"]));
    expect(run).not.toHaveRunHooks(["onSuccess", "onStart"]);
    expect(run).not.toHaveRunHooks(["onStart", { hook: "onSuccess", attempt: 2 }]);
    expect(messageOf(() => expect(run).toHaveRunHooks(["onFailure"]))).toContain(
      "it called task onStart (attempt 1), task onSuccess (attempt 1)",
    );
  });
});

describe("toHaveDropped", () => {
  test("counts lost writes, and names them", async ({ runTask }) => {
    const large = task({
      id: "matchers-drop",
      run: () => void metadata.set("big", "x".repeat(50)).set("a", 1),
    });
    const run = await runTask(large, undefined, { endpoint: scriptedEndpoint([], { maximumSize: 40 }) });
    expect(run).toHaveDropped();
    expect(run).toHaveDropped(1);
    expect(run).toHaveDropped({ reason: "refused", keys: ["big"] });
    expect(run).not.toHaveDropped({ reason: "closed" });
    expect(run).not.toHaveDropped(2);
    expect(messageOf(() => expect(run).toHaveDropped(0))).toBe(
      'expected run run_1 to have dropped 0 writes, it dropped 1:\n  1 × refused: "big" (Metadata exceeds maximum size of 40 bytes)',
    );
    expect(await runTask(importRows, [])).toHaveDropped(0);
  });
});
