/**
 * Headers of every reply, errors included.
 *
 * - `x-runmeta-dedupe: 1` tells the runtime that a batch sent again is applied once, so it may send again blindly.
 * - Any origin may read: authority comes from the bearer token alone, never from a cookie, so a foreign page gains nothing.
 * - `no-store`: a cached document would be a stale one.
 */
const commonHeaders: Readonly<Record<string, string>> = {
  "content-type": "application/json; charset=utf-8",
  "x-runmeta-dedupe": "1",
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "x-trigger-jwt, x-trigger-jwt-claims, x-should-retry, x-runmeta-dedupe, retry-after",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

/** A JSON reply from text that is JSON already; the metadata routes use it to pass a stored document on unparsed. */
export function textReply(
  status: number,
  text: string | null,
  headers?: Readonly<Record<string, string>>,
): Response {
  return new Response(text, {
    status,
    headers: headers === undefined ? commonHeaders : { ...commonHeaders, ...headers },
  });
}

/** A JSON reply; fields that are undefined are left out, since clients read `null` as a value. */
export function jsonReply(
  status: number,
  value: unknown,
  headers?: Readonly<Record<string, string>>,
): Response {
  return textReply(status, JSON.stringify(value), headers);
}

/** The reply to a request that was refused. */
export function errorReply(
  status: number,
  error: string,
  headers?: Readonly<Record<string, string>>,
): Response {
  return jsonReply(status, { error }, headers);
}
