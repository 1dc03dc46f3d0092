import { isRecordId } from "@runmeta/runtime/protocol";
import { HttpError } from "../http/http-error.ts";
import { jsonReply, type Reply } from "../http/reply.ts";
import type { RouteAccess, RouteRequest } from "../http/route.ts";
import { recordView } from "../service/record-view.ts";
import type { RecordRow } from "../storage/storage.ts";

/** Runtype's own example sends the bare key, its text a bearer token. */
export const RECORD_ACCESS: RouteAccess = { kind: "secret-key", bareKey: true };

/** How routes that compare versions say so in their contract. */
export const IF_MATCH_HEADERS = {
  "if-match":
    "Versions (`ETag`) that the record may have, joined by commas; another one is answered with 409.",
} as const;

/** Headers of a reply that holds one record. */
export const RECORD_HEADERS = { etag: "The record's version, for `If-Match`" } as const;

/**
 * The record id of a path. One that no record can have is answered like one that no record has.
 *
 * @throws HttpError 404
 */
export function recordIdParameter(request: RouteRequest): string {
  const id = request.param("id");
  if (!isRecordId(id)) throw recordNotFound();
  return id;
}

/**
 * The versions that `If-Match` allows; undefined when any will do (`*`, or no header). Tags that are none of ours match
 * nothing. Weak tags count: a proxy that compresses makes them of ours, and a version means the same in any encoding.
 */
export function expectedVersions(request: RouteRequest): string[] | undefined {
  const header = request.header("if-match")?.trim() ?? "";
  if (header === "" || header === "*") return undefined;
  // 18 digits fit into the column; more are nobody's version.
  return header.split(",").flatMap((tag) => /^\s*(?:W\/)?"(\d{1,18})"\s*$/.exec(tag)?.[1] ?? []);
}

/** A record with its version as `ETag`. */
export function recordAnswer(status: number, record: RecordRow): Reply {
  return jsonReply(status, recordView(record), { etag: `"${record.version}"` });
}

export function recordNotFound(): HttpError {
  return new HttpError(404, "Record not found");
}

/** `false`: the same request would be refused again, and clients that repeat a 409 would wait for 9 s. */
export function recordConflict(message: string): HttpError {
  return new HttpError(409, message, { "x-should-retry": "false" });
}

export function staleRecord(): HttpError {
  return recordConflict("The record was changed meanwhile (If-Match); read it again");
}
