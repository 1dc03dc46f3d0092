import type { JsonObject, JsonValue, Operation } from "@runmeta/runtime/protocol";
import fc from "fast-check";

const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b", "list", "count", "deep") },
  fc.constantFrom("", "$", "$.a", "a.b", "a/b", "~1", "0", "naïve", "constructor", "toString"),
);

const scalar = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
);

/** Any value that a document can hold, small. */
export const anyValue: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

/** Any document, small. */
export const anyDocument: fc.Arbitrary<JsonObject> = fc.dictionary(name, anyValue, {
  maxKeys: 5,
  noNullPrototype: true,
});

const key = fc.oneof(
  name.filter((text) => !text.startsWith("$.")),
  fc.constantFrom(
    "$.a",
    "$.a.b",
    "$.list.0",
    "$.list.3",
    "$.deep.a.b",
    "$.*",
    "$.*.a",
    "$.list[0:2]",
    "$.a\\.b",
  ),
);

/** Any operation; many of them meet each other. */
export const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ type: fc.constant("set" as const), key, value: anyValue }),
  fc.record({ type: fc.constant("delete" as const), key }),
  fc.record({ type: fc.constant("append" as const), key, value: anyValue }),
  fc.record({ type: fc.constant("remove" as const), key, value: anyValue }),
  fc.record({ type: fc.constant("increment" as const), key, value: fc.integer({ min: -5, max: 5 }) }),
  fc.record({ type: fc.constant("update" as const), value: anyDocument }),
);
