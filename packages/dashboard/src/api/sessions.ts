import type { JsonObject } from "@runmeta/runtime/protocol";
import type { listSessionsReply, sessionItem } from "@runmeta/runtime/protocol/schemas";
import type { z } from "zod";
import { call } from "./call.ts";

/** A session as the API gives it. */
export type Session = z.output<typeof sessionItem>;

/** A page of sessions, newest first; the query in the API's own words. */
export function listSessions(query: Readonly<Record<string, string | undefined>>, signal?: AbortSignal) {
  return call<z.output<typeof listSessionsReply>>({ path: "/api/v1/sessions", query, signal });
}

/** One session, by its id. */
export function retrieveSession(id: string, signal?: AbortSignal) {
  return call<Session>({ path: pathOf(id), signal });
}

/** Replaces tags and metadata; `null` clears the document. */
export function updateSession(
  id: string,
  changes: { readonly tags: readonly string[]; readonly metadata: JsonObject | null },
) {
  return call<Session>({ method: "PATCH", path: pathOf(id), body: changes });
}

/** Closes a session for good. */
export function closeSession(id: string, reason: string) {
  return call<Session>({
    method: "POST",
    path: `${pathOf(id)}/close`,
    body: reason === "" ? {} : { reason },
  });
}

function pathOf(id: string): string {
  return `/api/v1/sessions/${encodeURIComponent(id)}`;
}
