import fc from "fast-check";
import { z } from "zod";

/** Texts that parsers, paths, SQL and prototypes are known to trip over. */
export const oddText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom(
    "",
    "__proto__",
    "constructor",
    "$.",
    "$.a[*].b",
    "$.a\\.b",
    "$..x",
    "\u0000",
    "\ud800",
    "'; DROP TABLE runs--",
    "1e400",
    "30d",
    "99999999d",
    "session_",
    "run_",
    "../x",
    "x".repeat(3000),
  ),
);
const oddNumber = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.nat(9),
  fc.constantFrom(0, -1, 1e300, 2 ** 31, 2 ** 53, 0.5),
);
/** Any JSON value at all. */
export const anyJson = fc.oneof(oddText, oddNumber, fc.jsonValue({ maxDepth: 4, stringUnit: "binary" }));

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** Bodies for a route: mostly of the shape it takes, each part of which may be something else. */
export function bodyOf(schema: z.ZodType): fc.Arbitrary<unknown> {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" });
  return fc.oneof({ weight: 6, arbitrary: valueFor(json, 4) }, { weight: 1, arbitrary: anyJson });
}

/** Query parameters that the route reads, with any text. */
export function queryOf(schema: z.ZodObject | undefined): fc.Arbitrary<Record<string, string>> {
  const names = ["page[size]", "page[after]", "page[before]", "unknown", ...Object.keys(schema?.shape ?? {})];
  const text = fc.oneof(oddText, oddNumber.map(String), fc.constantFrom("true", "QUEUED", "1d"));
  return fc.dictionary(fc.constantFrom(...names), text, { maxKeys: 3, noNullPrototype: true });
}

function valueFor(schema: JsonSchema | boolean | undefined, depth: number): fc.Arbitrary<unknown> {
  if (schema === undefined || typeof schema === "boolean" || depth === 0) return anyJson;
  return fc.oneof({ weight: 5, arbitrary: fittingValue(schema, depth) }, { weight: 1, arbitrary: anyJson });
}

function fittingValue(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => valueFor(choice, depth)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case "object":
      return objectOf(schema, depth);
    case "array":
      return fc.array(valueFor(schema.items as JsonSchema | undefined, depth - 1), { maxLength: 4 });
    case "string":
      return oddText;
    case "number":
    case "integer":
      return oddNumber;
    case "boolean":
      return fc.boolean();
    default:
      return anyJson;
  }
}

function objectOf(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0)
    return fc.dictionary(
      oddText,
      valueFor(schema.additionalProperties as JsonSchema | undefined, depth - 1),
      {
        maxKeys: 4,
        noNullPrototype: true,
      },
    );
  return fc.record(Object.fromEntries(properties.map(([name, part]) => [name, valueFor(part, depth - 1)])), {
    requiredKeys: schema.required ?? [],
    noNullPrototype: true,
  });
}
