import type { JsonObject, JsonValue } from "@runmeta/runtime/protocol";
import { memberId } from "./document-rows.ts";

/** A document that shares with an earlier one what did not change, and where it did. */
export interface SharedDocument {
  readonly document: JsonObject;
  /** Ids of the rows whose value is another one or that are new; what contains them is among them. */
  readonly changed: ReadonlySet<string>;
}

/**
 * Puts the earlier document's parts in place of equal parts of the new one, so that "is it the same?" is one comparison
 * of references from then on. Takes ownership of `next` and changes it. Linear in the documents.
 */
export function shareUnchanged(previous: JsonObject, next: JsonObject): SharedDocument {
  const changed = new Set<string>();
  const document = share(previous, next, "", changed);
  // Equal kinds give an object back.
  return { document: document as JsonObject, changed };
}

function share(
  previous: JsonValue | undefined,
  next: JsonValue,
  id: string,
  changed: Set<string>,
): JsonValue {
  if (previous === next) return next;
  if (isContainer(previous) && isContainer(next) && Array.isArray(previous) === Array.isArray(next)) {
    const before = changed.size;
    const nextNames = Object.keys(next);
    // Keys in another order are another document to look at, although JSON says nothing of it.
    let same = nextNames.length === Object.keys(previous).length;
    for (const name of nextNames) {
      const had = Object.hasOwn(previous, name) ? member(previous, name) : undefined;
      const value = member(next, name);
      const shared = share(had, value, memberId(id, name), changed);
      if (shared !== had) same = false;
      // An own `__proto__`, which no server of ours stores, must not become the prototype.
      else if (shared !== value && name !== "__proto__") (next as JsonObject)[name] = shared;
    }
    if (same && changed.size === before) return previous;
  }
  if (id !== "") changed.add(id);
  return next;
}

function isContainer(value: JsonValue | undefined): value is JsonObject | JsonValue[] {
  return typeof value === "object" && value !== null;
}

function member(container: JsonObject | JsonValue[], name: string): JsonValue {
  return (container as JsonObject)[name] ?? null;
}
