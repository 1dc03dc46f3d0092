import { describe, expect, it } from "vitest";
import { MetadataWriter, type UpdateResult } from "../../src/service/metadata-writer.ts";
import { MemoryDocuments } from "./memory-documents.ts";
import { increment, put, set } from "./put.ts";

function setUp(options: Partial<ConstructorParameters<typeof MetadataWriter>[0]> = {}) {
  const storage = new MemoryDocuments();
  const changes: string[][] = [];
  const writer = new MetadataWriter({
    storage,
    maximumSizeBytes: 4096,
    onChange: (ids) => changes.push(ids),
    ...options,
  });
  return { storage, writer, changes };
}

function metadataOf(result: UpdateResult): unknown {
  return result.status === "updated" ? JSON.parse(result.metadata) : result;
}

describe("one request", () => {
  it("applies operations and answers with the document", async () => {
    const { storage, writer, changes } = setUp();
    storage.add("run_a", { metadata: '{"kept":1}' });
    const result = await writer.update(put("run_a", { operations: [set("step", "x"), increment("n", 2)] }));
    expect(metadataOf(result)).toEqual({ kept: 1, step: "x", n: 2 });
    expect(storage.document("run_a")).toEqual({ kept: 1, step: "x", n: 2 });
    expect(changes).toEqual([["run_a"]]);
  });

  it("ignores metadata beside operations, even beside an empty list", async () => {
    const { storage, writer, changes } = setUp();
    storage.add("run_a", { metadata: '{"kept":1}' });
    expect(metadataOf(await writer.update(put("run_a", { metadata: { b: 1 }, operations: [] })))).toEqual({
      kept: 1,
    });
    expect(storage.written).toEqual([]);
    expect(changes).toEqual([]);
  });

  it("replaces the whole document with metadata", async () => {
    const { storage, writer } = setUp();
    storage.add("run_a", { metadata: '{"old":1}' });
    expect(metadataOf(await writer.update(put("run_a", { metadata: { b: [1] } })))).toEqual({ b: [1] });
    expect(storage.document("run_a")).toEqual({ b: [1] });
  });

  it("answers {} to a body that asks for nothing, and changes nothing", async () => {
    const { storage, writer } = setUp();
    storage.add("run_a", { metadata: '{"old":1}' });
    expect(metadataOf(await writer.update(put("run_a", {})))).toEqual({});
    expect(storage.document("run_a")).toEqual({ old: 1 });
    expect(storage.written).toEqual([]);
  });

  it("does not find an unknown run, or one of another environment", async () => {
    const { storage, writer } = setUp();
    storage.add("run_other", { environment: "prod" });
    expect(await writer.update(put("run_none", { operations: [increment("n")] }))).toEqual({
      status: "not-found",
    });
    expect(await writer.update(put("run_other", { operations: [increment("n")] }))).toEqual({
      status: "not-found",
    });
    expect(storage.document("run_other")).toEqual({});
  });

  it("takes updates for an hour after the end of a run, not longer", async () => {
    const end = Date.UTC(2026, 0, 1);
    let now = end + 3_600_000;
    const { storage, writer } = setUp({ now: () => now });
    storage.add("run_a", { finishedAt: new Date(end) });
    const request = put("run_a", { operations: [increment("n")] }, "publisher.1");
    expect((await writer.update(request)).status).toBe("updated");
    now += 1;
    expect(await writer.update(put("run_a", { operations: [increment("n")] }, "publisher.2"))).toEqual({
      status: "completed",
    });
    // The reply to an update that was applied in time may have been lost.
    expect(metadataOf(await writer.update(request))).toEqual({ n: 1 });
  });

  it("keeps NUL, lone surrogates and U+2028 exactly", async () => {
    const { storage, writer } = setUp();
    storage.add("run_a");
    const text = "\u0000\ud800\u2028é😀";
    await writer.update(put("run_a", { operations: [set("text", text)] }));
    expect(storage.document("run_a")).toEqual({ text });
  });
});

describe("the size limit", () => {
  it.each(["ascii", "é", "😀", '"', "\n", "\u2028", "\ud800", "\u0000"])(
    "R8 counts UTF-8 bytes: %j fits at the limit, one byte more does not",
    async (unit) => {
      const value = unit.repeat(5);
      const limit = Buffer.byteLength(JSON.stringify({ k: value }));
      for (const [maximumSizeBytes, status] of [
        [limit, "updated"],
        [limit - 1, "too-large"],
      ] as const) {
        for (const update of [
          { operations: [set("k", value)] },
          { metadata: { k: value } },
          { operations: [{ type: "update", value: { k: value } } as const] },
        ]) {
          const { storage, writer } = setUp({ maximumSizeBytes });
          storage.add("run_a");
          const result = await writer.update(put("run_a", update));
          expect(result.status).toBe(status);
          if (result.status === "too-large") {
            expect(result).toEqual({ status, limitBytes: maximumSizeBytes, bytes: limit });
            expect(storage.document("run_a")).toEqual({});
          }
        }
      }
    },
  );

  it("refuses a request whole, its parent operations too, and does not remember its key", async () => {
    const { storage, writer } = setUp({ maximumSizeBytes: 40 });
    storage.add("run_p");
    storage.add("run_a", { parentId: "run_p", rootId: "run_p" });
    const refused = await writer.update(
      put(
        "run_a",
        { operations: [increment("n"), set("text", "x".repeat(40))], parentOperations: [increment("n")] },
        "publisher.1",
      ),
    );
    expect(refused.status).toBe("too-large");
    expect(storage.document("run_p")).toEqual({});
    expect(storage.document("run_a")).toEqual({});
    const next = await writer.update(put("run_a", { operations: [increment("n")] }, "publisher.1"));
    expect(metadataOf(next)).toEqual({ n: 1 });
  });

  it("refuses the one request of a group that does not fit, and goes on from the document before it", async () => {
    const { storage, writer } = setUp({ maximumSizeBytes: 60 });
    storage.add("run_a");
    const results = await Promise.all([
      writer.update(put("run_a", { operations: [increment("n"), set("a", "first")] })),
      writer.update(put("run_a", { operations: [increment("n"), set("b", "x".repeat(60))] })),
      writer.update(put("run_a", { operations: [increment("n"), set("c", "third")] })),
    ]);
    expect(results.map((result) => result.status)).toEqual(["updated", "too-large", "updated"]);
    expect(storage.document("run_a")).toEqual({ n: 2, a: "first", c: "third" });
    expect(storage.written).toHaveLength(1);
  });
});

describe("parent and root operations", () => {
  it("reach the parent and the root in the statement that writes the run", async () => {
    const { storage, writer, changes } = setUp();
    storage.add("run_r");
    storage.add("run_p", { parentId: "run_r", rootId: "run_r" });
    storage.add("run_a", { parentId: "run_p", rootId: "run_r" });
    await writer.update(
      put("run_a", {
        operations: [increment("own")],
        parentOperations: [increment("p")],
        rootOperations: [increment("r")],
      }),
    );
    expect(["run_a", "run_p", "run_r"].map((id) => storage.document(id))).toEqual([
      { own: 1 },
      { p: 1 },
      { r: 1 },
    ]);
    expect(storage.written.map((writes) => writes.map((write) => write.id).sort())).toEqual([
      ["run_a", "run_p", "run_r"],
    ]);
    expect(changes.map((ids) => ids.sort())).toEqual([["run_a", "run_p", "run_r"]]);
  });

  it("land on the run itself where it has none; refused where the other is not known in its environment", async () => {
    const { storage, writer } = setUp();
    storage.add("run_p", { environment: "prod" });
    storage.add("run_a");
    storage.add("run_b", { parentId: "run_p", rootId: "run_gone" });
    const update = {
      operations: [increment("n")],
      parentOperations: [increment("n", 10)],
      rootOperations: [increment("n", 100)],
    };
    expect(metadataOf(await writer.update(put("run_a", update)))).toEqual({ n: 111 });
    const refused = [
      { target: "parent", message: "The parent run is not known" },
      { target: "root", message: "The root run is not known" },
    ];
    expect(await writer.update(put("run_b", update))).toMatchObject({ metadata: '{"n":1}', refused });
    expect(storage.document("run_p")).toEqual({});
  });

  it("are refused by name where the parent is full; the run's own operations go through", async () => {
    const { storage, writer } = setUp({ maximumSizeBytes: 30 });
    storage.add("run_p", { metadata: '{"text":"xxxxxxxxxxxxxxxxxxx"}' });
    storage.add("run_a", { parentId: "run_p", rootId: "run_p" });
    const request = put(
      "run_a",
      { operations: [increment("n")], parentOperations: [set("more", "y")] },
      "publisher.7",
    );
    const result = await writer.update(request);
    const refused = [{ target: "parent", message: "Metadata exceeds maximum size of 30 bytes" }];
    expect(result).toEqual({ status: "updated", metadata: '{"n":1}', refused, ineffective: [] });
    expect(storage.document("run_p")).toEqual({ text: "xxxxxxxxxxxxxxxxxxx" });
    // The reply may have been lost: the second one must name the loss as well.
    expect(await writer.update(request)).toEqual(result);
  });

  it("are named where they had no effect", async () => {
    const { storage, writer } = setUp();
    storage.add("run_p", { metadata: '{"text":"x"}' });
    storage.add("run_a", { parentId: "run_p", rootId: "run_p" });
    const result = await writer.update(
      put("run_a", {
        operations: [],
        parentOperations: [
          set("$.no.such.path", 1),
          { type: "remove", key: "text", value: "x" },
          increment("fine"),
        ],
        rootOperations: [set("$.no.path", 1)],
      }),
    );
    expect(result).toMatchObject({
      ineffective: [
        { target: "parent", key: "$.no.such.path" },
        { target: "parent", key: "text" },
        { target: "root", key: "$.no.path" },
      ],
    });
    expect(storage.document("run_p")).toEqual({ text: "x", fine: 1 });
  });

  it("reach a parent that ended long ago: its children may still be at work", async () => {
    const { storage, writer } = setUp();
    storage.add("run_p", { finishedAt: new Date(0) });
    storage.add("run_a", { parentId: "run_p", rootId: "run_p" });
    await writer.update(put("run_a", { parentOperations: [increment("done")] }));
    expect(storage.document("run_p")).toEqual({ done: 1 });
  });
});
