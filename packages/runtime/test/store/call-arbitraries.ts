import fc from "fast-check";
import type { JsonObject, JsonValue } from "../../src/protocol/index.ts";
import { jsonObject, jsonValue } from "../protocol/operation-arbitraries.ts";
import type { Call } from "./reference-document.ts";

const segment = fc.constantFrom("a", "b", "c", "0", "1", "2", "toString");
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => `$.${parts.join(".")}`);
const bracketed = fc
  .tuple(fc.constantFrom("$.a", "$.b", "$.a.b"), fc.constantFrom("[0]", "[1]", "[0].c", "[0][1]"))
  .map(([start, end]) => start + end);
const literal = fc.constantFrom("a", "b", "c", "toString", "a.b", "", "$", "ü");

/** Literal keys and plain paths: everything whose meaning the reference document knows. */
export const plainKey = fc.oneof(
  { weight: 5, arbitrary: literal },
  { weight: 5, arbitrary: path },
  { weight: 1, arbitrary: bracketed },
);

/** Paths that the library evaluates. */
export const patternKey = fc.constantFrom("$.*", "$.a.*", "$.*.a", "$.a.[0:2]", "$.b.*.c", "$.a.length");

export function callOn(key: fc.Arbitrary<string>): fc.Arbitrary<Call> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ call: fc.constant("set" as const), key, value: jsonValue }) },
    { weight: 3, arbitrary: fc.record({ call: fc.constant("append" as const), key, value: jsonValue }) },
    { weight: 2, arbitrary: fc.record({ call: fc.constant("remove" as const), key, value: jsonValue }) },
    {
      weight: 3,
      arbitrary: fc.record({
        call: fc.constant("increment" as const),
        key,
        value: fc.oneof(fc.integer({ min: -100, max: 100 }), fc.constantFrom(0.5, -0.1)),
      }),
    },
    { weight: 2, arbitrary: fc.record({ call: fc.constant("del" as const), key }) },
    { weight: 1, arbitrary: fc.record({ call: fc.constant("replace" as const), value: jsonObject }) },
  );
}

const container = fc.constantFrom<JsonValue>({ a: 1, b: { c: 2 }, l: [3] }, { c: 4 }, [5, { e: 6 }], 7, null);

/** A document, and calls that come back to the same few places in it: what a job does, and what the store remembers. */
export const fewPlaces = {
  document: fc.constant<JsonObject>({ t: { a: 1, b: { c: "x" }, l: [1, { e: 0 }] } }),
  call: fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        call: fc.constant("set" as const),
        key: fc.constantFrom("$.t.a", "$.t.b.c", "$.t.l.0", "$.t.l[0]"),
        value: fc.constantFrom(7, "ü", "longer", false),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        call: fc.constant("append" as const),
        key: fc.constantFrom("$.t.l", "$.t.a"),
        value: container,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        call: fc.constant("remove" as const),
        key: fc.constant("$.t.l"),
        value: fc.constantFrom(7, "ü"),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        call: fc.constant("del" as const),
        key: fc.constantFrom("t", "$.t.b", "$.t.l.0"),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        call: fc.constant("set" as const),
        key: fc.constantFrom("t", "$.t.b", "$.t.l", "$.t.l.0", "$.t.a"),
        value: container,
      }),
    },
    { weight: 2, arbitrary: callOn(fc.constantFrom("t", "$.t.b", "$.t.l", "$.t.l.0", "$.t.a")) },
  ),
};

/** The same for a list at the top: appends in a row, and what comes between them. */
export const oneList = {
  document: fc.constant<JsonObject>({ l: [1, { x: 2 }] }),
  call: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ call: fc.constant("append" as const), key: fc.constant("l"), value: container }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        call: fc.constant("set" as const),
        key: fc.constantFrom("$.l.0", "$.l.1.x", "$.l.2.a", "$.l.3.b.c", "$.l[3]"),
        value: fc.oneof(fc.constantFrom(7, "ü"), container),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ call: fc.constant("remove" as const), key: fc.constant("l"), value: container }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        call: fc.constant("append" as const),
        key: fc.constantFrom("$.l.2", "$.l.2.l", "$.l"),
        value: container,
      }),
    },
    { weight: 1, arbitrary: callOn(fc.constantFrom("l", "$.l", "$.l.2", "m")) },
  ),
};
