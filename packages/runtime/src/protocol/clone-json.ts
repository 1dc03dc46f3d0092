import type { JsonObject, JsonValue } from "./json.ts";
import { roomFor } from "./room-for.ts";

/**
 * A deep copy of a JSON value that shares nothing with it. Linear in the value; several times faster than
 * `structuredClone`. Recursive: only for values whose depth has been checked.
 */
export function cloneJson<T extends JsonValue>(value: T): T;
export function cloneJson(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const items: JsonValue[] = [];
    for (const item of value) items.push(cloneJson(item));
    return items;
  }
  const keys = Object.keys(value);
  const copy = roomFor(keys.length);
  for (const key of keys) putOwn(copy, key, cloneJson(value[key] ?? null));
  return copy;
}

/** Assigns an own member whatever its name is: a plain assignment to `__proto__` would change the prototype instead. */
export function putOwn(object: JsonObject, key: string, value: JsonValue): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}
