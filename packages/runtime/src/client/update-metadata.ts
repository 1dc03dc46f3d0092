import { ConfigError, MetadataValueError } from "../errors.ts";
import { copyJson } from "../protocol/copy-json.ts";
import type { JsonObject } from "../protocol/json.ts";
import { MAX_BODY_BYTES } from "../protocol/limits.ts";
import { assertSafeKey } from "../protocol/metadata-key.ts";
import type { Operation } from "../protocol/operation.ts";
import { checkedMetadata } from "./checked-metadata.ts";
import { requireApiClient } from "./configure.ts";
import { pathSegment } from "./path-segment.ts";
import { replyField, unreadableReply } from "./reply-field.ts";
import type { MetadataInput } from "./trigger-options.ts";

/** A new document, or changes to the present one. */
export type MetadataUpdate =
  | { readonly metadata: MetadataInput; readonly operations?: undefined }
  | { readonly operations: readonly Operation[]; readonly metadata?: undefined };

function checkedOperation(operation: Operation): Operation {
  if (operation.type === "update") {
    const value = checkedMetadata(operation.value);
    if (value === undefined)
      throw new MetadataValueError("$", "the document must be a plain object, got undefined");
    return { type: "update", value };
  }
  assertSafeKey(operation.key);
  if (operation.type === "delete") return { type: "delete", key: operation.key };
  // The document's limit is the server's to check; a value stops where no server would take its request.
  const value = copyJson(operation.value, operation.key, MAX_BODY_BYTES);
  if (value === undefined) throw new MetadataValueError(operation.key, `"${operation.type}" needs a value`);
  if (operation.type !== "increment") return { type: operation.type, key: operation.key, value };
  if (typeof value !== "number")
    throw new MetadataValueError(operation.key, "the step must be a finite number");
  return { type: "increment", key: operation.key, value };
}

/** These count twice when they are applied twice. */
function isAdditive(operation: Operation): boolean {
  return operation.type === "increment" || operation.type === "append";
}

/**
 * Changes a run's metadata from outside it; all operations or none are applied.
 * @returns the document afterwards
 * @throws MetadataValueError, MetadataSizeError before anything is sent; ApiError (413: the document would be too large)
 */
export async function updateMetadata(
  id: string,
  update: MetadataUpdate,
): Promise<{ readonly metadata: JsonObject }> {
  const path = `/api/v1/runs/${pathSegment("the run's id", id)}/metadata`;
  const metadata = checkedMetadata(update.metadata);
  const operations = update.operations?.map(checkedOperation);
  if ((metadata === undefined) === (operations === undefined)) {
    throw new ConfigError("updateMetadata takes either metadata or operations");
  }
  const reply = await requireApiClient().send("PUT", path, {
    body: metadata === undefined ? { operations } : { metadata },
    repeatable: !(operations?.some(isAdditive) ?? false),
  });
  const document = replyField(reply, "metadata");
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw unreadableReply(`PUT ${path}`, reply, 'has no "metadata" (an object); the update was applied');
  }
  // Parsed from JSON a moment ago.
  return { metadata: document as JsonObject };
}
