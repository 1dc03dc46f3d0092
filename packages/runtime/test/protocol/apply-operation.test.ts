import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, Operation } from "../../src/protocol/index.ts";
import { applyOperation, applyOperations, cloneJson } from "../../src/protocol/index.ts";
import { applyMetadataOperations, official, officialFold } from "./official-operations.ts";
import { anyKey, jsonObject, operationOn, simpleKey } from "./operation-arbitraries.ts";

describe("applyOperations", () => {
  test("equals the official function on any document and any operation", () => {
    fc.assert(
      fc.property(jsonObject, fc.array(operationOn(anyKey), { maxLength: 12 }), (document, operations) => {
        const before = JSON.stringify(operations);
        const expected = officialFold(document, operations);
        const actual = applyOperations(cloneJson(document), operations);
        expect(JSON.stringify(actual.document)).toBe(JSON.stringify(expected.document));
        expect(actual.unapplied).toEqual(expected.unapplied);
        expect(JSON.stringify(operations), "operations are not changed").toBe(before);
      }),
      { numRuns: 3000 },
    );
  });

  test("equals the official function on a whole list of plain paths, applied without a pause", () => {
    const operations = fc.array(operationOn(simpleKey), { maxLength: 8 });
    fc.assert(
      fc.property(jsonObject, operations, (document, list) => {
        // Without indexes: holes that are not yet null exist only inside one official call.
        fc.pre(!list.some((operation) => operation.type !== "update" && /\d/.test(operation.key)));
        const outcome = applyMetadataOperations(document, cloneJson(list as never) as Operation[]);
        const expected = JSON.parse(JSON.stringify(outcome.newMetadata)) as JsonObject;
        expect(applyOperations(cloneJson(document), list).document).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test.each<[JsonObject, Operation]>([
    [{ a: [{ constructor: {} }] }, { type: "remove", key: "a", value: { constructor: {} } }],
    [{ a: [{ constructor: 1 }] }, { type: "remove", key: "a", value: { constructor: 1 } }],
    [{}, { type: "append", key: "constructor", value: 1 }],
    [{ a: { b: null } }, { type: "append", key: "$.a.b", value: 1 }],
    [{}, { type: "set", key: "$.a.b.c", value: 1 }],
    [{ a: [] }, { type: "set", key: "$.a.2", value: 1 }],
    [{ a: [1, 2, 3] }, { type: "set", key: "$.a.length", value: 1 }],
    [{}, { type: "increment", key: "$.[0:1]", value: 1 }],
    [{ a: [null] }, { type: "set", key: "$.a.*.b", value: 1 }],
    [
      { "a.b": 1, a: {} },
      { type: "set", key: "$.*", value: { x: 1 } },
    ],
  ])("equals the official function on %j with %j", (document, operation) => {
    const expected = official(document, operation);
    const actual = applyOperation(cloneJson(document), operation);
    expect(JSON.stringify(actual.document)).toBe(JSON.stringify(expected.document));
    expect(actual.unapplied).toEqual(expected.unapplied);
  });

  test("shares nothing between operation and document", () => {
    const value = { list: [1] };
    const { document } = applyOperations({}, [
      { type: "set", key: "a", value },
      { type: "append", key: "$.a.list", value: { deep: 1 } },
      { type: "set", key: "$.a.more", value: 2 },
    ]);
    expect(document).toEqual({ a: { list: [1, { deep: 1 }], more: 2 } });
    expect(value).toEqual({ list: [1] });
  });

  test.each(["$.l.4294967294", "$.l.3000000", "$.l.length"])("does not fill the memory for %s", (key) => {
    const operation: Operation = { type: "set", key, value: 4_000_000_000 };
    const { document, unapplied } = applyOperations({ l: [1] }, [operation]);
    expect(document).toEqual({ l: [1] });
    expect(unapplied).toEqual([operation]);
  });

  test("does not fill the memory with a wildcard that copies a large value a thousand times", () => {
    const many = Array.from({ length: 1000 }, () => 1);
    const operation: Operation = { type: "set", key: "$.a.*", value: many };
    const { document, unapplied } = applyOperations({ a: many }, [operation]);
    expect(document).toEqual({ a: many });
    expect(unapplied).toEqual([operation]);
  });

  test("R7 a path with a dangerous segment changes no prototype", () => {
    const keys = [
      "__proto__",
      "$.a.__proto__.polluted",
      "$.['__proto__']",
      "$.constructor.prototype.polluted",
    ];
    for (const key of keys) {
      const operation: Operation = { type: "set", key, value: { polluted: true } };
      expect(applyOperation({ a: {} }, operation).unapplied).toEqual([operation]);
    }
    expect("polluted" in {}).toBe(false);
    expect(applyOperation({}, { type: "set", key: "constructor", value: 1 }).document).toEqual({
      constructor: 1,
    });
  });
});
