function isMergeable(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * One `init` from what all init hooks gave, in their order: plain objects are merged, later keys win. Anything else (a
 * class instance, a connection) cannot be merged and takes the place of what came before.
 */
export function mergeInit(results: readonly unknown[]): unknown {
  let merged: unknown;
  for (const result of results) {
    if (result === undefined) continue;
    merged = isMergeable(merged) && isMergeable(result) ? { ...merged, ...result } : result;
  }
  return merged;
}
