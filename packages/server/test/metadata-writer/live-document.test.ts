import { applyOperations, type JsonObject, type JsonValue, type Operation } from "@runmeta/runtime/protocol";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { LiveDocument } from "../../src/service/metadata/live-document.ts";
import { growthBound } from "../../src/service/metadata/operation-growth.ts";
import type { DocumentRow } from "../../src/storage/storage.ts";

const text = fc.constantFrom("", "x", "é", "😀", '"\n', "\ud800", "\u0000", "x".repeat(20));
const value: fc.Arbitrary<JsonValue> = fc.oneof(
  text,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
  fc.constantFrom<JsonValue>(null, true, [], {}, [1, "é"], { a: [{ b: 1 }] }),
);
const key = fc.constantFrom("a", "b", "é", '"', "", "$.a", "$.a.b", "$.a.3", "$.a[*]", "$.*", "$", "a.b");
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ type: fc.constantFrom("set" as const, "append" as const, "remove" as const), key, value }),
  fc.record({ type: fc.constant("delete" as const), key }),
  fc.record({
    type: fc.constant("increment" as const),
    key,
    value: fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
  }),
  fc.record({ type: fc.constant("update" as const), value: fc.dictionary(text, value, { maxKeys: 3 }) }),
);
const document = fc.dictionary(fc.constantFrom("a", "b", "é", '"'), value, { maxKeys: 4 });

function bytesOf(json: unknown): number {
  return Buffer.byteLength(JSON.stringify(json));
}

/** As JSON reads it back, without the prototypes and signed zeros that only tests have. */
function asJson<T>(json: T): T {
  return JSON.parse(JSON.stringify(json)) as T;
}

function liveDocument(start: JsonObject, limitBytes: number): LiveDocument {
  const row: DocumentRow = {
    id: "run_a",
    environment: "dev",
    metadata: JSON.stringify(start),
    version: 1,
    dedupe: "{}",
    parentId: undefined,
    rootId: undefined,
    finishedAt: undefined,
    runVersion: 1,
    attempt: 1,
    changeCount: 0,
    changeBytes: 0,
  };
  return new LiveDocument(row, limitBytes);
}

describe("a document in a group", () => {
  it("I3 is what applying one after the other and measuring each gives, however the measuring is saved", () => {
    const batches = fc.array(fc.array(operation, { maxLength: 4 }), { maxLength: 8 });
    const property = fc.property(
      document,
      batches,
      fc.integer({ min: 0, max: 120 }),
      (start, lists, room) => {
        const limit = bytesOf(start) + room;
        const live = liveDocument(start, limit);
        let plain = asJson(start);
        for (const list of lists.map(asJson)) {
          const result = applyOperations(structuredClone(plain), list);
          const bytes = bytesOf(result.document);
          const fits = bytes <= limit || result.unapplied.length === list.length;
          expect(live.apply(list)).toEqual(
            fits ? { kind: "applied", unapplied: result.unapplied } : { kind: "too-large", bytes },
          );
          if (fits) plain = result.document;
        }
        expect(JSON.parse(live.text())).toEqual(plain);
        expect(live.changed).toBe(live.text() !== JSON.stringify(start));
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it("grows by no more than its bound says", () => {
    const property = fc.property(document, fc.array(operation, { maxLength: 4 }), (start, list) => {
      const operations = asJson(list);
      const bound = growthBound(operations);
      const after = applyOperations(asJson(start), operations).document;
      expect(bytesOf(after) - bytesOf(start)).toBeLessThanOrEqual(bound);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("is parsed once and printed once, however many requests touch it", () => {
    const live = liveDocument({ text: "x".repeat(1000), n: 0 }, 4096);
    const parse = vi.spyOn(JSON, "parse");
    const stringify = vi.spyOn(JSON, "stringify");
    for (let count = 0; count < 10; count += 1) live.apply([{ type: "increment", key: "n", value: 1 }]);
    live.toWrite();
    live.text();
    const documents = stringify.mock.calls.filter(([value]) => !Array.isArray(value));
    const calls = [parse.mock.calls.length, documents.length];
    vi.restoreAllMocks();
    expect(calls).toEqual([1, 1]);
    expect(JSON.parse(live.text())).toMatchObject({ n: 10 });
  });

  it("tells the history what changed: a set of what stands there already is left out", () => {
    const live = liveDocument({ text: "same", list: [1] }, 4096);
    const set = (key: string, value: JsonValue) => ({ type: "set", key, value }) as const;
    live.apply([set("text", "same"), set("n", 1), set("n", 2), set("list", [1])]);
    live.apply([set("n", 2), set("n", 3), set("n", 2), set("$.n", 1), set("n", 2)]);
    expect(JSON.parse(live.toWrite()?.change?.operations ?? "")).toEqual([
      ...[set("n", 1), set("n", 2), set("list", [1])],
      ...[set("n", 3), set("n", 2), set("$.n", 1), set("n", 2)],
    ]);
  });

  it("that nothing changed is not written, and not printed", () => {
    const live = liveDocument({ n: 0 }, 4096);
    live.apply([{ type: "remove", key: "n", value: 1 }]);
    live.apply([]);
    expect(live.toWrite()).toBeUndefined();
    live.apply([{ type: "set", key: "n", value: 0 }]);
    expect(live.toWrite()).toBeUndefined();
  });
});
