import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cloneJson, type JsonObject } from "../../src/protocol/index.ts";
import { jsonObject } from "./operation-arbitraries.ts";

function withMembers(count: number): JsonObject {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, index]));
}

describe("cloneJson", () => {
  test("gives an equal value whose members stand in the same order, and shares nothing with it", () => {
    const many = fc.integer({ min: 0, max: 300 }).map(withMembers);
    fc.assert(
      fc.property(fc.tuple(many, jsonObject, jsonObject), ([filler, first, second]) => {
        const value: JsonObject = { ...first, ...filler, nested: { ...filler, ...second } };
        const text = JSON.stringify(value);
        const copy = cloneJson(value);
        expect(copy).toStrictEqual(value);
        expect(JSON.stringify(copy)).toBe(text);
        (copy["nested"] as JsonObject)["added"] = 1;
        expect(JSON.stringify(value)).toBe(text);
      }),
    );
  });

  test.each([3, 99, 100, 1_000])("gives an ordinary object with %i members", (count) => {
    const copy = cloneJson(withMembers(count));
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(copy).toStrictEqual(withMembers(count));
    expect(structuredClone(copy)).toEqual(copy);
    expect("toString" in copy && Object.hasOwn(copy, "key0") && !Object.hasOwn(copy, "toString")).toBe(true);
  });

  test.each([1, 200])("keeps a member named __proto__ beside %i others an ordinary member", (count) => {
    const text = JSON.stringify(withMembers(count)).replace("{", '{"__proto__":{"a":1},');
    const copy = cloneJson(JSON.parse(text) as JsonObject);
    expect(JSON.stringify(copy)).toBe(text);
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });
});
