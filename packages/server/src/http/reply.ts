import { DEDUPE_HEADER } from "@runmeta/runtime/protocol";

/**
 * What a route answers. A plain value and no `Response`: on a socket it is written as it is, which takes a third of the
 * time that building a `Response` and reading it back takes.
 */
export interface Reply {
  readonly status: number;
  /** JSON text; null for a reply without a body. */
  readonly text: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** The reply for callers in process. */
export function toResponse(reply: Reply): Response {
  return new Response(reply.text, { status: reply.status, headers: reply.headers });
}

/** What pages may read of a reply; official clients give up where one of theirs is missing. */
const exposedHeaders: readonly string[] = [
  "x-trigger-jwt",
  "x-trigger-jwt-claims",
  "x-should-retry",
  "retry-after",
  DEDUPE_HEADER,
  "electric-handle",
  "electric-offset",
  "electric-schema",
  "electric-cursor",
  "electric-up-to-date",
  "electric-has-data",
  "x-stream-version",
  "x-last-chunk-index",
];

/**
 * Headers of every reply, errors included.
 *
 * - `x-runmeta-dedupe: 1` tells the runtime that a batch sent again is applied once, so it may send again blindly.
 * - Any origin may read: authority comes from the bearer token alone, never from a cookie, so a foreign page gains nothing.
 * - `no-store`: a cached document would be a stale one.
 */
const commonHeaders: Readonly<Record<string, string>> = {
  "content-type": "application/json; charset=utf-8",
  [DEDUPE_HEADER]: "1",
  "access-control-allow-origin": "*",
  "access-control-expose-headers": exposedHeaders.join(", "),
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

/** A JSON reply from text that is JSON already; the metadata routes use it to pass a stored document on unparsed. */
export function textReply(
  status: number,
  text: string | null,
  headers?: Readonly<Record<string, string>>,
): Reply {
  return { status, text, headers: headers === undefined ? commonHeaders : { ...commonHeaders, ...headers } };
}

/** A JSON reply; fields that are undefined are left out, since clients read `null` as a value. */
export function jsonReply(status: number, value: unknown, headers?: Readonly<Record<string, string>>): Reply {
  return textReply(status, JSON.stringify(value), headers);
}

/** The reply to a request that was refused. */
export function errorReply(status: number, error: string, headers?: Readonly<Record<string, string>>): Reply {
  return jsonReply(status, { error }, headers);
}
