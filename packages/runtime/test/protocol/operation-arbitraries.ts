import fc from "fast-check";
import type { JsonObject, JsonValue, Operation } from "../../src/protocol/index.ts";

/** Few names, so that operations meet; some of them odd on purpose. */
const name = fc.constantFrom("a", "b", "c", "0", "2", "toString", "a.b", "", "$");
const oddKey = fc.constantFrom(
  "",
  "$",
  "$.",
  "$..",
  "a.b",
  "$a",
  "constructor",
  "toString",
  "__proto__",
  "$.constructor.prototype.x",
  "$.a.__proto__.b",
  "$['__proto__']",
  "$.['__proto__']",
  "$.a\\.b",
  "$.a\\",
  "$.b[0]",
  "$.b.[0]",
  "$.a~1b",
  "$.$",
  "$.$.a",
  "$.a..b",
  "$.a.",
  "$.toString",
  "$.a.toString",
  "$.a.push",
  "$.b.01",
  "$.b.-1",
  "$.b.1e0",
  "$. a",
  "$.a\nb",
);
const patternKey = fc.constantFrom(
  "$.*",
  "$.a.*",
  "$.*.a",
  "$.*.*",
  "$.a.[0:2]",
  "$.a.[1:]",
  "$.[0:1]",
  "$.a.[0:1].[0:1]",
  "$.b.[:-1].a",
  "$.a.*.b",
  "$.a.length",
  "$.a.length.b",
  "$.length",
);
const segment = fc.constantFrom("a", "b", "c", "0", "1", "2", "toString");
const pathKey = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => `$.${parts.join(".")}`);

export const simpleKey = fc.oneof(
  { weight: 4, arbitrary: pathKey },
  { weight: 3, arbitrary: fc.constantFrom("a", "b", "c") },
);
export const anyKey = fc.oneof(
  { weight: 8, arbitrary: simpleKey },
  { weight: 2, arbitrary: patternKey },
  { weight: 2, arbitrary: oddKey },
);

const scalar = fc.constantFrom<JsonValue[]>(null, true, 0, 1, -3, 7, 0.5, "x", "ü");
const tree = fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
}));
export const jsonValue = tree.value;
export const jsonObject = tree.object;

export function operationOn(key: fc.Arbitrary<string>): fc.Arbitrary<Operation> {
  const keyed = (type: "set" | "append" | "remove") =>
    fc.record({ type: fc.constant(type), key, value: jsonValue }) as fc.Arbitrary<Operation>;
  return fc.oneof(
    { weight: 5, arbitrary: keyed("set") },
    { weight: 3, arbitrary: keyed("append") },
    { weight: 2, arbitrary: keyed("remove") },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant("increment" as const),
        key,
        value: fc.integer({ min: -9, max: 9 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("delete" as const), key }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("update" as const), value: jsonObject }) },
  );
}
