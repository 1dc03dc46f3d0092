import { StorageError } from "../../storage/storage.ts";

/** SQLSTATE classes and codes of a database that is away, full, or asks to try again; nothing in the statement is wrong. */
const transientStates = /^(08...|53...|57P0[1-5]|40001|40P01|55P03|57014)$/;

const connectionCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** Whether the same statement may succeed a little later (D5). Anything else is taken for a fault of the statement itself. */
export function isTransientFailure(error: unknown): boolean {
  for (let link = error, depth = 0; link instanceof Error && depth < 8; link = link.cause, depth += 1) {
    if (link instanceof StorageError) return link.code === "STORAGE_UNAVAILABLE";
    const code: unknown = "code" in link ? link.code : undefined;
    if (typeof code === "string" && (connectionCodes.has(code) || transientStates.test(code))) return true;
  }
  return false;
}
