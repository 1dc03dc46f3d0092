import type { JsonObject, JsonValue } from "@runmeta/runtime/protocol";

/** A document of about so many bytes in keys of about 20: counters and short texts, as jobs keep them. */
export function manyKeys(bytes: number): JsonObject {
  const document: Record<string, JsonValue> = { tree: { a: { b: { c: 0 } } } };
  for (let written = 31, index = 0; written < bytes; index += 1) {
    const value = index % 2 === 0 ? index : "resized";
    document[`key${index}`] = value;
    written += JSON.stringify(value).length + `"key${index}":,`.length;
  }
  return document;
}

/** A document of about so many bytes, nearly all of them in one string. */
export function oneString(bytes: number): JsonObject {
  return { text: "x".repeat(bytes - 60), tree: { a: { b: { c: 0 } } } };
}
