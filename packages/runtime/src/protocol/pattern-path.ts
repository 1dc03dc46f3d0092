import { JSONHeroPath } from "@jsonhero/path";
import { cloneJson, putOwn } from "./clone-json.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { Operation } from "./operation.ts";
import { deepEqual } from "./value-operations.ts";

/** An operation on a path that only the library can read. */
export type PatternOperation = Exclude<Operation, { type: "update" | "delete" }>;

/** What became of a pattern: the changed document and how much it grew; undefined when it did not apply. */
export interface PatternResult {
  readonly document: JsonObject;
  /** Members and items that were added; negative when there are fewer than before. */
  readonly added: number;
}

/**
 * Applies an operation whose path has wildcards, slices or escapes, the way `@jsonhero/path` reads them. Works on a
 * copy, since the library can throw half-way; the result shares nothing with the arguments. Cost: the whole document,
 * and about 7 µs a match.
 *
 * @param maximumAdded refuse (undefined) when the document would grow by more items than this
 */
export function applyPattern(
  document: JsonObject,
  operation: PatternOperation,
  maximumAdded: number,
): PatternResult | undefined {
  const before: Count = { nodes: 0, limit: Number.POSITIVE_INFINITY };
  const draft = recopy(document, before);
  const after: Count = { nodes: 0, limit: before.nodes + maximumAdded };
  try {
    if (!change(draft, operation)) return undefined;
    return { document: recopy(draft, after), added: after.nodes - before.nodes };
  } catch {
    // The library threw (a path through null, an escaped dot without parent), the document grew too much, or it got
    // circular (which ends by the same limit, or by the stack's).
    return undefined;
  }
}

function change(draft: JsonObject, operation: PatternOperation): boolean {
  const path = parse(operation.key);
  if (operation.type === "set") {
    // A copy: a member named "a.b" makes the library write into what it has just set.
    path.set(draft, cloneJson(operation.value));
    return true;
  }
  const current: unknown = path.first(draft);
  if (operation.type === "increment") {
    // Parsed a second time like in the official function: a second parse can read a slice as a plain name.
    const sum = (typeof current === "number" ? current : 0) + operation.value;
    new JSONHeroPath(operation.key).set(draft, sum);
    return true;
  }
  if (operation.type === "append") {
    const list: unknown[] =
      current === undefined ? [] : Array.isArray(current) ? [...(current as unknown[])] : [current];
    path.set(draft, [...list, cloneJson(operation.value)]);
    return true;
  }
  if (operation.type !== "remove" || !Array.isArray(current)) return false;
  const items: JsonValue[] = current;
  path.set(
    draft,
    items.filter((item) => !deepEqual(item, operation.value)),
  );
  return true;
}

/**
 * The library keeps the position of its slice expression from one parse to the next, so that a slice which follows
 * another one may be read as a name. Parsing a plain path puts it back: the same operation always means the same.
 */
function parse(key: string): JSONHeroPath {
  new JSONHeroPath("$.a");
  return new JSONHeroPath(key);
}

interface Count {
  nodes: number;
  readonly limit: number;
}

/** A copy as JSON would read it back: holes are null, names on lists are gone, shared values are apart. */
function recopy(value: JsonObject, count: Count): JsonObject {
  const copy = recopyValue(value, count);
  return typeof copy === "object" && copy !== null && !Array.isArray(copy) ? copy : {};
}

function recopyValue(value: unknown, count: Count): JsonValue {
  if (++count.nodes > count.limit) throw new RangeError("the document grew too much");
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (Array.isArray(value)) {
    if (count.nodes + value.length > count.limit) throw new RangeError("the list grew too much");
    return Array.from<unknown, JsonValue>(value, (item) => recopyValue(item, count));
  }
  // Functions come from inherited names; inside lists JSON reads them back as null.
  if (typeof value !== "object" || value === null) return null;
  const copy: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined && typeof member !== "function") putOwn(copy, key, recopyValue(member, count));
  }
  return copy;
}
