import { createHash } from "node:crypto";
import { type BatchKey, parseBatchKey } from "@runmeta/runtime/protocol";

/** A key as the deduplication state keeps it. */
export type IdempotencyKey =
  | ({ readonly kind: "batch" } & BatchKey)
  | { readonly kind: "foreign"; readonly key: string };

const longestForeignKey = 64;

/**
 * A batch's key has a number that only grows, so that one number remembers them all. Every other key (the official SDK
 * sends a UUID) is remembered by itself; a long one by its hash, to keep the row small.
 */
export function parseIdempotencyKey(text: string): IdempotencyKey {
  const batch = parseBatchKey(text);
  if (batch !== undefined) return { kind: "batch", ...batch };
  const key = text.length <= longestForeignKey ? text : createHash("sha256").update(text).digest("base64url");
  return { kind: "foreign", key };
}
