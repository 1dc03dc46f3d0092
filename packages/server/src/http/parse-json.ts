import { HttpError } from "./http-error.ts";

/** What can be wrong with a body before any schema looks at it. */
export type JsonFault = "empty" | "encoding" | "syntax" | "depth";

/** A parsed body, or the reason why there is none. */
export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: JsonFault };

/**
 * Nesting allowed in bodies other than documents. `JSON.parse` itself survives far more, but `JSON.stringify`, validators
 * and the user's own code recurse; 512 is beyond any hand-made payload.
 */
export const MAX_BODY_DEPTH = 512;

/**
 * Bytes to a JSON value. The text must be valid UTF-8 (a byte order mark in front is skipped, as the standard decoder
 * does); nesting is measured by a linear scan first, so hostile depth costs nothing.
 */
export function parseJson(
  bytes: Uint8Array,
  tooDeep: (text: string, maxDepth: number) => boolean,
  maxDepth: number = MAX_BODY_DEPTH,
): ParsedJson {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { ok: false, fault: "encoding" };
  }
  if (text.length === 0) return { ok: false, fault: "empty" };
  if (tooDeep(text, maxDepth)) return { ok: false, fault: "depth" };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, fault: "syntax" };
  }
}

/**
 * Refuses a body that says it is something else than JSON. None at all counts as JSON (scripts leave it out); a form or
 * `text/plain` does not, since those are what a foreign web page can send without asking.
 *
 * @throws HttpError 415
 */
export function requireJsonContentType(contentType: string | undefined): void {
  if (contentType === undefined) return;
  const essence = (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
  if (essence === "application/json" || /^application\/[a-z0-9.-]+\+json$/.test(essence)) return;
  throw new HttpError(415, "Content-Type must be application/json");
}

// `fatal`: replaced characters would be stored as if the client had sent them.
const decoder = new TextDecoder("utf-8", { fatal: true });
