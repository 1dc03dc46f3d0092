import { isPathKey, type JsonObject, type Operation } from "@runmeta/runtime/protocol";

/**
 * Operations without each `set` that only repeats what stands in the document: the history says what changed. Only texts,
 * numbers, booleans and null are compared, and only keys that nothing before it may have changed.
 */
export function withoutIdleSets(
  document: JsonObject,
  operations: readonly Operation[],
): readonly Operation[] {
  const touched = new Set<string>();
  const kept: Operation[] = [];
  for (const [index, operation] of operations.entries()) {
    // What these change is not told by their key.
    if (operation.type === "update" || isPathKey(operation.key)) return [...kept, ...operations.slice(index)];
    const { key } = operation;
    const repeats =
      operation.type === "set" &&
      !touched.has(key) &&
      (operation.value === null || typeof operation.value !== "object") &&
      document[key] === operation.value;
    if (repeats) continue;
    touched.add(key);
    kept.push(operation);
  }
  return kept;
}
