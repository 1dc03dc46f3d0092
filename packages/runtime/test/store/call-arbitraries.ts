import fc from "fast-check";
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
