import { createHash } from "node:crypto";
import type { DocumentUpdate, UpdateRequest } from "../../src/service/metadata-writer.ts";

/** A request as the route would make it of a body. */
export function put(runId: string, update: DocumentUpdate, idempotencyKey?: string): UpdateRequest {
  const body = JSON.stringify(update);
  return {
    environment: "dev",
    runId,
    update,
    idempotencyKey,
    bodyHash: createHash("sha256").update(body).digest("hex"),
    bodyBytes: Buffer.byteLength(body),
  };
}

/** One operation that counts `key` up. */
export function increment(key: string, value = 1) {
  return { type: "increment", key, value } as const;
}

/** One operation that assigns. */
export function set(key: string, value: string | number | string[]) {
  return { type: "set", key, value } as const;
}
