import { currentScope } from "../context/context-storage.ts";
import { MetadataValueError } from "../errors.ts";
import { resolveMetadataOptions } from "../options.ts";
import { copyJson } from "../protocol/copy-json.ts";
import type { JsonObject } from "../protocol/json.ts";

/** Largest document that is sent from here: the current run's limit, else the process's default. */
function documentLimitBytes(): number {
  return currentScope()?.store.limitBytes ?? resolveMetadataOptions().maximumSize;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object that is not plain" : `a ${typeof value}`;
}

/**
 * Metadata given from outside a document, copied as JSON; undefined stays undefined. `limitBytes` is the current run's
 * or the process's limit unless given.
 * @throws MetadataValueError unless it is one plain object of JSON values; MetadataSizeError
 */
export function checkedMetadata(
  metadata: unknown,
  limitBytes: number = documentLimitBytes(),
): JsonObject | undefined {
  if (metadata === undefined) return undefined;
  const copy = typeof metadata === "object" ? copyJson(metadata, undefined, limitBytes) : undefined;
  if (typeof copy !== "object" || copy === null || Array.isArray(copy)) {
    throw new MetadataValueError("$", `metadata must be a plain object, got ${kindOf(metadata)}`);
  }
  return copy;
}
