import { createHash } from "node:crypto";

/** A key as the deduplication state keeps it. */
export type IdempotencyKey =
  | { readonly kind: "batch"; readonly publisher: string; readonly sequence: number }
  | { readonly kind: "foreign"; readonly key: string };

/** 15 digits stay below 2^53. */
const batchKey = /^([A-Za-z0-9_-]{1,64})\.(0|[1-9]\d{0,14})$/;

const longestForeignKey = 64;

/**
 * Reads `<publisher>.<sequence>`, the form whose numbers only grow, so that one number remembers them all. Every other key
 * (the official SDK sends a UUID) is foreign and remembered by itself; a long one by its hash, to keep the row small.
 */
export function parseIdempotencyKey(text: string): IdempotencyKey {
  const match = batchKey.exec(text);
  const publisher = match?.[1];
  if (publisher !== undefined) return { kind: "batch", publisher, sequence: Number(match?.[2]) };
  const key = text.length <= longestForeignKey ? text : createHash("sha256").update(text).digest("base64url");
  return { kind: "foreign", key };
}
