import type { JsonObject, JsonValue } from "./json.ts";
import { MAX_DEPTH } from "./limits.ts";

/**
 * Whether what `JSON.parse` gave may be stored: no number beyond the range (`1e400` is parsed as infinity), no own
 * `__proto__` member, at most {@link MAX_DEPTH} levels. Linear, and much cheaper than a schema for any JSON.
 */
export function isJsonValue(value: unknown): value is JsonValue {
  return isStorable(value, MAX_DEPTH);
}

/** {@link isJsonValue} for an object that is no list: what a document must be. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && isJsonValue(value);
}

function isStorable(value: unknown, levels: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return typeof value === "string" || typeof value === "boolean";
  if (value === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isStorable(item, levels - 1));
  return Object.entries(value).every(
    ([key, member]) => key !== "__proto__" && isStorable(member, levels - 1),
  );
}
