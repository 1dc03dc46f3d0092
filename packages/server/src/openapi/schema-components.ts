import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { JsonSchema } from "./openapi-document.ts";

/**
 * Turns zod schemas into JSON Schemas and gathers those that have a name (`.meta({ id })`), so that each stands in the
 * document once.
 */
export class SchemaComponents {
  readonly #named = new Map<string, JsonSchema>();

  /**
   * The schema of a request (`input`: what may be sent) or of a reply (`output`: what comes).
   *
   * @throws Error when a named schema takes something else than it gives: it needs two names
   */
  use(schema: z.ZodType, direction: "input" | "output"): JsonSchema {
    const { $schema, $defs, ...converted } = z.toJSONSchema(schema, {
      io: direction,
      // Checks written by hand describe themselves by `.meta`.
      unrepresentable: "any",
      override: ({ jsonSchema }) => tidy(jsonSchema, direction),
    });
    const named = rewriteReferences($defs ?? {}) as Record<string, JsonSchema>;
    for (const [name, { id, ...definition }] of Object.entries(named)) this.#add(name, definition);
    return rewriteReferences(converted) as JsonSchema;
  }

  /** All that were named, in alphabetical order. */
  all(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#named].sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  #add(name: string, definition: JsonSchema): void {
    const known = this.#named.get(name);
    if (known !== undefined && !isDeepStrictEqual(known, definition)) {
      throw new Error(`Schema ${name} is not the same in a request and in a reply; give them two names.`);
    }
    this.#named.set(name, definition);
  }
}

function tidy(schema: Record<string, unknown>, direction: "input" | "output"): void {
  // Replies grow: a client made from this document must let a member pass that it does not know.
  if (direction === "output" && schema.additionalProperties === false) delete schema.additionalProperties;
  // Every JSON number that survives a round trip.
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

function rewriteReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewriteReferences);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === "$ref" && typeof member === "string"
        ? member.replace("#/$defs/", "#/components/schemas/")
        : rewriteReferences(member),
    ]),
  );
}
