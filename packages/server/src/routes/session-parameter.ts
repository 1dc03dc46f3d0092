import { isPrintable } from "@runmeta/runtime/protocol";
import { permission } from "../auth/scopes.ts";
import type { HttpError } from "../http/http-error.ts";
import type { RouteRequest } from "../http/route.ts";
import type { SessionService } from "../service/session-service.ts";
import type { SessionRow } from "../storage/storage.ts";

/** Longer than any id and any external id. */
const MAX_LENGTH = 256;

/**
 * The session that a path names, by id or external id. Reading is allowed by either of the two names; administration by
 * the one that the path says. Asked before it is told whether there is such a session.
 *
 * @throws HttpError 403 · 404 with the route's own words
 */
export async function sessionParameter(
  request: RouteRequest,
  sessions: SessionService,
  action: "read" | "admin",
  notFound: () => HttpError,
): Promise<SessionRow> {
  const name = request.param("session");
  const possible = name.length <= MAX_LENGTH && isPrintable(name);
  const session = possible ? await sessions.find(request.principal.environment, name) : undefined;
  const names = action === "read" ? [name, session?.id, session?.externalId] : [name];
  request.authorize(
    names.filter((one) => one !== undefined).map((one) => permission(action, "sessions", one)),
  );
  if (session === undefined) throw notFound();
  return session;
}
