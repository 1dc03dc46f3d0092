import { isJsonObject, isPathKey, type JsonObject, readSegment, simplePath } from "@runmeta/runtime/protocol";

/**
 * The document of whatever has one: what `runTask` and `mockRun` give, a retrieved run, the current run, `metadata` itself
 * inside a run.
 * @throws TypeError for anything else
 */
export function metadataOf(subject: unknown): JsonObject {
  const document = documentIn(subject);
  if (isJsonObject(document)) return document;
  throw new TypeError(
    "toHaveMetadata takes a run (of runTask, mockRun or runs.retrieve) or `metadata` inside one. " +
      "Was `await` forgotten?",
  );
}

function documentIn(subject: unknown): unknown {
  if (typeof subject !== "object" || subject === null) return undefined;
  if ("current" in subject && typeof subject.current === "function") return subject.current();
  if (!("metadata" in subject)) return undefined;
  const { metadata } = subject;
  return typeof metadata === "object" && metadata !== null && "current" in metadata
    ? documentIn(metadata)
    : metadata;
}

/**
 * The value under a key, or under a `$.` path of names and indexes; undefined where there is none.
 * @throws TypeError for a path with wildcards or slices, which has no single value
 */
export function valueAt(document: JsonObject, key: string): unknown {
  const literal = readSegment(document, key);
  if (literal !== undefined || !isPathKey(key)) return literal;
  const segments = simplePath(key.replaceAll(/\[(\d+)\]/g, ".$1"));
  if (segments === undefined) throw new TypeError(`${key} is no path of plain names and indexes`);
  let value: unknown = document;
  for (const segment of segments) {
    if (typeof value !== "object" || value === null) return undefined;
    value = readSegment(value as JsonObject, segment);
  }
  return value;
}
