import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, Operation, PendingOperation } from "../../src/protocol/index.ts";
import { applyOperations, cloneJson, collapseOperations } from "../../src/protocol/index.ts";
import { anyKey, jsonObject, operationOn, simpleKey } from "./operation-arbitraries.ts";

function pending(operations: readonly Operation[]): PendingOperation[] {
  return operations.map((operation, index) => ({ operation, count: 1 + (index % 3) }));
}

function fold(document: JsonObject, list: readonly PendingOperation[]): JsonObject {
  return applyOperations(
    cloneJson(document),
    list.map(({ operation }) => operation),
  ).document;
}

function total(list: readonly PendingOperation[]): number {
  return list.reduce((sum, { count }) => sum + count, 0);
}

function holdsFor(key: fc.Arbitrary<string>, numRuns: number): void {
  fc.assert(
    fc.property(jsonObject, fc.array(operationOn(key), { maxLength: 16 }), (document, operations) => {
      const list = pending(operations);
      const before = JSON.stringify(list);
      const collapsed = collapseOperations(list);
      // As text: the order of members decides what a later wildcard finds first.
      expect(JSON.stringify(fold(document, collapsed))).toBe(JSON.stringify(fold(document, list)));
      expect(total(collapsed)).toBe(total(list));
      expect(collapsed.length).toBeLessThanOrEqual(list.length);
      expect(JSON.stringify(list), "the input is not changed").toBe(before);
      expect(collapseOperations(collapsed).length).toBeLessThanOrEqual(collapsed.length);
    }),
    { numRuns },
  );
}

describe("collapseOperations", () => {
  test("F14 fold(collapse(ops)) = fold(ops) where operations meet often", () => holdsFor(simpleKey, 4000));
  test("F14 fold(collapse(ops)) = fold(ops) with wildcards, slices and odd keys", () =>
    holdsFor(anyKey, 2000));

  test.each<[string, Operation[], Operation[]]>([
    [
      "update absorbs all before it",
      [
        { type: "set", key: "a", value: 1 },
        { type: "update", value: { b: 1 } },
      ],
      [{ type: "update", value: { b: 1 } }],
    ],
    [
      "a literal set absorbs what was written below its key",
      [
        { type: "increment", key: "a", value: 1 },
        { type: "set", key: "$.a.b", value: 1 },
        { type: "append", key: "$.a", value: 1 },
        { type: "set", key: "a", value: 2 },
      ],
      [{ type: "set", key: "a", value: 2 }],
    ],
    [
      "increments of one key meet across other keys",
      [
        { type: "increment", key: "a", value: 1 },
        { type: "append", key: "b", value: 1 },
        { type: "increment", key: "a", value: 2 },
      ],
      [
        { type: "increment", key: "a", value: 3 },
        { type: "append", key: "b", value: 1 },
      ],
    ],
    [
      "increments go into a set",
      [
        { type: "set", key: "a", value: 1.5 },
        { type: "increment", key: "a", value: 0.1 },
      ],
      [{ type: "set", key: "a", value: 1.6 }],
    ],
    [
      "appends go into a set",
      [
        { type: "set", key: "a", value: [1] },
        { type: "append", key: "a", value: 2 },
        { type: "append", key: "a", value: 3 },
      ],
      [{ type: "set", key: "a", value: [1, 2, 3] }],
    ],
    [
      "fractional steps stay apart",
      [
        { type: "increment", key: "a", value: 0.1 },
        { type: "increment", key: "a", value: 0.2 },
      ],
      [
        { type: "increment", key: "a", value: 0.1 },
        { type: "increment", key: "a", value: 0.2 },
      ],
    ],
  ])("%s", (_, operations, expected) => {
    expect(collapseOperations(pending(operations)).map(({ operation }) => operation)).toEqual(expected);
  });

  test.each<[string, JsonObject, Operation[]]>([
    [
      "does not carry a write over one that read it as part of its parent",
      { a: { b: 0 } },
      [
        { type: "set", key: "$.a.b", value: 1 },
        { type: "append", key: "$.a", value: 5 },
        { type: "set", key: "$.a.b", value: 2 },
      ],
    ],
    [
      "does not create a member where a remove stood",
      {},
      [
        { type: "set", key: "t", value: {} },
        { type: "remove", key: "$.t.a", value: 1 },
        { type: "set", key: "$.t.b", value: 1 },
        { type: "set", key: "$.t.a", value: 2 },
      ],
    ],
    [
      "keeps a delete that moves a member behind the others",
      { a: 1, b: 2 },
      [
        { type: "delete", key: "a" },
        { type: "set", key: "a", value: 3 },
        { type: "set", key: "a", value: 4 },
      ],
    ],
    [
      "keeps the nulls in front of an index past the end out of the way",
      { l: [] },
      [
        { type: "set", key: "$.l.1", value: 1 },
        { type: "set", key: "$.l.3", value: 2 },
        { type: "set", key: "$.l.1", value: 3 },
      ],
    ],
  ])("F14 %s", (_, document, operations) => {
    const list = pending(operations);
    expect(JSON.stringify(fold(document, collapseOperations(list)))).toBe(
      JSON.stringify(fold(document, list)),
    );
  });

  test("10,000 sets on two paths in turn become two", () => {
    const operations = Array.from(
      { length: 10_000 },
      (_, index): Operation => ({ type: "set", key: index % 2 === 0 ? "$.t.a" : "$.t.b", value: index }),
    );
    const collapsed = collapseOperations(operations.map((operation) => ({ operation, count: 1 })));
    expect(collapsed).toEqual([
      { operation: { type: "set", key: "$.t.a", value: 9998 }, count: 5000 },
      { operation: { type: "set", key: "$.t.b", value: 9999 }, count: 5000 },
    ]);
  });
});
