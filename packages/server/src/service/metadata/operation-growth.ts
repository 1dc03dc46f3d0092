import { jsonBytes, type Operation, stringBytes } from "@runmeta/runtime/protocol";

/** The longest text of a double, `-1.2345678901234567e-308`. */
const longestNumber = 24;

/** Colon, comma, and the list that `append` makes of a single value. */
const punctuation = 6;

/**
 * At most how many bytes operations add to a document's JSON, without looking at the document. Infinite where only
 * measuring tells: a wildcard writes its value many times, an index past the end pads the list, `update` replaces all.
 */
export function growthBound(operations: readonly Operation[]): number {
  let total = 0;
  for (const operation of operations) total += growth(operation);
  return total;
}

function growth(operation: Operation): number {
  if (operation.type === "update") return Number.POSITIVE_INFINITY;
  if (operation.type === "delete") return 0;
  if (operation.key.startsWith("$")) return Number.POSITIVE_INFINITY;
  if (operation.type === "remove") return 0;
  const valueBytes = operation.type === "increment" ? longestNumber : jsonBytes(operation.value);
  return stringBytes(operation.key) + valueBytes + punctuation;
}
