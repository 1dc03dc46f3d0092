import { createHash } from "node:crypto";

/** An index entry of PostgreSQL holds some 2,700 bytes, and the environment and the task are in it too. */
const MAX_INDEXED_BYTES = 1024;

/** An idempotency key as the database looks it up: official clients send 64 characters; a long text becomes its digest. */
export function indexableKey(key: string): string {
  if (Buffer.byteLength(key) <= MAX_INDEXED_BYTES) return key;
  return `sha256-${createHash("sha256").update(key).digest("hex")}`;
}
