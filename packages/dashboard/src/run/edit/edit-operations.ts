import {
  deepEqual,
  isPathKey,
  isSafeKey,
  type JsonObject,
  type JsonValue,
  type Operation,
} from "@runmeta/runtime/protocol";

/** What `PUT /api/v1/runs/{runId}/metadata` is given to make an edit so. */
export type EditRequest = { readonly operations: readonly Operation[] } | { readonly metadata: JsonObject };

/**
 * The change from a document to an edited one, as operations on the top-level names that differ: what the job writes
 * to other names meanwhile stays. A name that operations take for a path cannot be set by itself; then all is replaced,
 * with what the others have `newest`.
 */
export function editRequest(base: JsonObject, edited: JsonObject, newest: JsonObject): EditRequest {
  const names = changedNames(base, edited);
  if (names.some((name) => isPathKey(name) && (Object.hasOwn(edited, name) || !isSafeKey(name)))) {
    return { metadata: editedDocument(base, edited, newest) };
  }
  return {
    operations: names.map((key): Operation => {
      const value = own(edited, key);
      return value === undefined ? { type: "delete", key } : { type: "set", key, value };
    }),
  };
}

/** The top-level names that were changed in both, and not to the same. */
export function conflictingNames(base: JsonObject, edited: JsonObject, newest: JsonObject): string[] {
  return changedNames(base, edited).filter((name) => {
    const theirs = own(newest, name);
    return !same(own(base, name), theirs) && !same(own(edited, name), theirs);
  });
}

/** Of those, the ones that the editing person has not `seen` as they are now. */
export function unseenConflicts(
  base: JsonObject,
  edited: JsonObject,
  seen: JsonObject,
  newest: JsonObject,
): string[] {
  return conflictingNames(base, edited, newest).filter((name) => !same(own(seen, name), own(newest, name)));
}

/** The document that an edit leads to when it is saved now. */
export function editedDocument(base: JsonObject, edited: JsonObject, newest: JsonObject): JsonObject {
  const names = changedNames(base, edited);
  if (names.length === 0) return newest;
  const document: JsonObject = { ...newest };
  for (const name of names) {
    const value = own(edited, name);
    if (value === undefined) delete document[name];
    else document[name] = value;
  }
  return document;
}

/** The top-level names that differ. */
export function changedNames(base: JsonObject, edited: JsonObject): string[] {
  if (base === edited) return [];
  const names = new Set([...Object.keys(base), ...Object.keys(edited)]);
  return [...names].filter((name) => !same(own(base, name), own(edited, name)));
}

function own(document: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(document, name) ? document[name] : undefined;
}

function same(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  return left === right || (left !== undefined && right !== undefined && deepEqual(left, right));
}
