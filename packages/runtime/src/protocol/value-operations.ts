import { cloneJson } from "./clone-json.ts";
import type { JsonObject, JsonValue } from "./json.ts";

/**
 * The rule of `append`: a missing value becomes a list of one, a list grows, anything else becomes `[old, new]`.
 * Gives a new list and leaves both arguments as they are (items are shared, not copied). Linear in the list; code that
 * owns the list pushes instead.
 */
export function appendValue(existing: JsonValue | undefined, value: JsonValue): JsonValue[] {
  if (existing === undefined) return [value];
  return Array.isArray(existing) ? [...existing, value] : [existing, value];
}

/**
 * The rule of `remove`: the list without every item that is deeply equal to `value`; undefined when `existing` is no
 * list, which means that the operation does not apply.
 */
export function removeValue(existing: JsonValue | undefined, value: JsonValue): JsonValue[] | undefined {
  return Array.isArray(existing) ? existing.filter((item) => !deepEqual(item, value)) : undefined;
}

/**
 * The rule of `increment`: a missing value and anything that is no number count as 0. A sum beyond the range of
 * numbers becomes `null`, as JSON has no infinity.
 */
export function incrementValue(existing: JsonValue | undefined, by: number): number | null {
  // Adding 0 turns -0 into 0: that is how the sum reads back from JSON.
  const sum = (typeof existing === "number" ? existing : 0) + by + 0;
  return Number.isFinite(sum) ? sum : null;
}

/**
 * What the official function finds under a key that the document does not have: `null` for the names that every
 * object inherits (`"toString"`: a function there, `null` in JSON), undefined for all others. Only `append` can tell
 * the two apart.
 */
export function missingValue(key: string): null | undefined {
  return key in Object.prototype ? null : undefined;
}

/**
 * Deep equality of JSON values, member order aside. As in the official `remove`, objects that have a member
 * `"constructor"` which is itself an object or a list equal nothing.
 */
export function deepEqual(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index++) {
      if (!deepEqual(a[index] ?? null, b[index] ?? null)) return false;
    }
    return true;
  }
  return !Array.isArray(b) && equalObjects(a, b);
}

function equalObjects(a: JsonObject, b: JsonObject): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) {
    if (!Object.hasOwn(b, key)) return false;
    const value = a[key] ?? null;
    if (key === "constructor" && typeof value === "object" && value !== null) return false;
    if (!deepEqual(value, b[key] ?? null)) return false;
  }
  return true;
}

/** The literal-key form of {@link appendValue} for code that owns the list: pushes a copy of `value` where it can. */
export function appendOwned(existing: JsonValue | undefined, value: JsonValue): JsonValue[] {
  if (!Array.isArray(existing)) return appendValue(existing, cloneJson(value));
  existing.push(cloneJson(value));
  return existing;
}
