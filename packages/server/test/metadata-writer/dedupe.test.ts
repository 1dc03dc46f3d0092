import { describe, expect, it } from "vitest";
import { DedupeState } from "../../src/service/metadata/dedupe-state.ts";
import { parseIdempotencyKey } from "../../src/service/metadata/idempotency-key.ts";
import { MetadataWriter } from "../../src/service/metadata-writer.ts";
import { MemoryDocuments } from "./memory-documents.ts";
import { increment, put } from "./put.ts";

const none = { refused: [], ineffective: [] };

describe("I9 keys that a row remembers", () => {
  it("remember each publisher's last sequence; lower ones are late copies", () => {
    const state = new DedupeState("{}");
    state.record("a.5", "hash-a5", none);
    state.record("b.1", "hash-b1", none);
    const stored = new DedupeState(state.toText());
    expect(stored.check("a.5", "hash-a5").kind).toBe("duplicate");
    expect(stored.check("a.5", "another").kind).toBe("reused");
    expect(stored.check("a.4", "anything").kind).toBe("duplicate");
    expect(stored.check("a.6", "hash-a6").kind).toBe("new");
    expect(stored.check("b.2", "hash-b2").kind).toBe("new");
    expect(stored.check("c.1", "hash-c1").kind).toBe("new");
  });

  it("remember the last 32 foreign keys", () => {
    const state = new DedupeState("");
    for (let index = 0; index < 33; index += 1) state.record(`uuid-${index}`, `hash-${index}`, none);
    const stored = new DedupeState(state.toText());
    expect(stored.check("uuid-0", "hash-0").kind).toBe("new");
    expect(stored.check("uuid-1", "hash-1").kind).toBe("duplicate");
    expect(stored.check("uuid-1", "other").kind).toBe("reused");
    expect(stored.check("uuid-32", "hash-32").kind).toBe("duplicate");
  });

  it("remember the newest 64 publishers, newest by use", () => {
    const state = new DedupeState("{}");
    for (let index = 0; index < 64; index += 1) state.record(`p${index}.1`, "h", none);
    state.record("p0.2", "h", none);
    state.record("p64.1", "h", none);
    const stored = new DedupeState(state.toText());
    expect(stored.check("p0.2", "h").kind).toBe("duplicate");
    expect(stored.check("p1.1", "h").kind).toBe("new");
    expect(stored.check("p2.1", "h").kind).toBe("duplicate");
  });

  it("stay small whatever they are given", () => {
    const state = new DedupeState("{}");
    const outcome = {
      refused: [],
      ineffective: Array.from({ length: 1000 }, (_, i) => ({ target: "root" as const, key: `$.a.${i}` })),
    };
    for (let index = 0; index < 200; index += 1) {
      state.record(`${"p".repeat(60)}${index}.${index}`, "f".repeat(64), outcome);
      state.record(`${"é".repeat(5000)}${index}`, "f".repeat(64), outcome);
    }
    expect(state.toText().length).toBeLessThan(20_000);
    expect(state.check(`${"é".repeat(5000)}199`, "f".repeat(64)).kind).toBe("duplicate");
  });

  it.each([
    "",
    ".",
    "a.",
    ".1",
    "a.01",
    "a.-1",
    "a.1.2",
    "a.1e3",
    "a.9999999999999999",
    "a b.1",
    "c0ffee00-0000-4000-8000-000000000000",
    "__proto__",
  ])("take %j for a foreign key", (text) => {
    expect(parseIdempotencyKey(text)).toEqual({ kind: "foreign", key: text });
  });
});

describe("repeated requests", () => {
  function setUp() {
    const storage = new MemoryDocuments();
    storage.add("run_a");
    return { storage, writer: new MetadataWriter({ storage, maximumSizeBytes: 4096 }) };
  }

  it.each(["publisher.3", "c0ffee00-0000-4000-8000-000000000000"])(
    "D4 the same batch 10 times at once is applied once, with 10 identical answers (%s)",
    async (key) => {
      const { storage, writer } = setUp();
      const request = put("run_a", { operations: [increment("n")] }, key);
      const answers = await Promise.all(Array.from({ length: 10 }, () => writer.update(request)));
      expect(storage.document("run_a")).toEqual({ n: 1 });
      expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
        new Set([JSON.stringify({ status: "updated", metadata: '{"n":1}', refused: [], ineffective: [] })]),
      );
      expect(await writer.update(request)).toEqual(answers[0]);
      expect(storage.written).toHaveLength(1);
    },
  );

  it("D4 the same id with another body is refused, at once and later", async () => {
    const { storage, writer } = setUp();
    const first = writer.update(put("run_a", { operations: [increment("n")] }, "publisher.1"));
    const second = writer.update(put("run_a", { operations: [increment("n", 5)] }, "publisher.1"));
    expect((await first).status).toBe("updated");
    expect(await second).toEqual({ status: "key-reused" });
    expect(await writer.update(put("run_a", { operations: [increment("n", 7)] }, "publisher.1"))).toEqual({
      status: "key-reused",
    });
    expect(storage.document("run_a")).toEqual({ n: 1 });
  });

  it("remembers the key of a request that changes no document of its own run", async () => {
    const { storage, writer } = setUp();
    storage.add("run_p");
    storage.add("run_c", { parentId: "run_p", rootId: "run_p" });
    const request = put("run_c", { operations: [], parentOperations: [increment("n")] }, "publisher.1");
    await writer.update(request);
    await writer.update(request);
    expect(storage.document("run_p")).toEqual({ n: 1 });
    expect(storage.written).toHaveLength(1);
  });

  it("D3 writes key and document in one statement", async () => {
    const { storage, writer } = setUp();
    await writer.update(put("run_a", { operations: [increment("n")] }, "publisher.1"));
    expect(storage.written).toHaveLength(1);
    expect(storage.written[0]).toMatchObject([{ id: "run_a", expectedVersion: 0, metadata: '{"n":1}' }]);
    expect(new DedupeState(storage.written[0]?.[0]?.dedupe ?? "").check("publisher.1", "other").kind).toBe(
      "reused",
    );
  });

  it("F4 a reply lost with the connection, after the commit, counts once", async () => {
    const { storage, writer } = setUp();
    let lost = 0;
    storage.afterWrite = () => {
      lost += 1;
      if (lost % 2 === 1) throw Object.assign(new Error("connection lost"), { code: "ECONNRESET" });
    };
    const answers = await Promise.all(
      [1, 2, 3].map((n) => writer.update(put("run_a", { operations: [increment("n")] }, `publisher.${n}`))),
    );
    expect(answers.map((answer) => answer.status)).toEqual(["updated", "updated", "updated"]);
    expect(storage.document("run_a")).toEqual({ n: 3 });
  });
});
