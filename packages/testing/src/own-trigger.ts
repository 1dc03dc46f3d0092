import { isJsonObject, type JsonObject } from "@runmeta/runtime/protocol";
import { parseBody } from "./route.ts";

/**
 * The body of a trigger, of a batch or of one of its items as the shared server gets it. Idempotency keys get `prefix`, because
 * the runs of all tests are on that server; what would put the run off is left out, because it is executed at once.
 */
export function ownTrigger(text: string, prefix: string): string {
  const body = parseBody(text);
  if (!isJsonObject(body)) return text;
  const own = prefixed(body, prefix);
  if (!isJsonObject(own.options)) return JSON.stringify(own);
  const { delay, ttl, debounce, ...options } = own.options;
  return JSON.stringify({ ...own, options: prefixed(options, prefix) });
}

function prefixed(body: JsonObject, prefix: string): JsonObject {
  const { idempotencyKey: key } = body;
  return typeof key === "string" ? { ...body, idempotencyKey: `${prefix}${key}` } : body;
}
