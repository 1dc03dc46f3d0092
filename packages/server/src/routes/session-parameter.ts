import { isPrintable } from "@runmeta/runtime/protocol";
import type { HttpError } from "../http/http-error.ts";
import type { RouteRequest } from "../http/route.ts";
import type { SessionService } from "../service/session-service.ts";
import type { SessionRow } from "../storage/storage.ts";

/** Longer than any id and any external id. */
const MAX_LENGTH = 256;

/**
 * The session that a path names, by id or external id.
 *
 * @throws HttpError 404 with the route's own words
 */
export async function sessionParameter(
  request: RouteRequest,
  sessions: SessionService,
  notFound: () => HttpError,
): Promise<SessionRow> {
  const name = request.param("session");
  if (name.length > MAX_LENGTH || !isPrintable(name)) throw notFound();
  const session = await sessions.find(request.principal.environment, name);
  if (session === undefined) throw notFound();
  return session;
}
