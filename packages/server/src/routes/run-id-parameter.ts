import { isRunId } from "@runmeta/runtime/protocol";
import type { HttpError } from "../http/http-error.ts";
import type { RouteRequest } from "../http/route.ts";

/**
 * The run id of a path. One that no run can have is answered like one that no run has, before storage sees it.
 *
 * @throws HttpError 404 with the route's own words
 */
export function runIdParameter(request: RouteRequest, notFound: () => HttpError): string {
  const id = request.param("runId");
  if (!isRunId(id)) throw notFound();
  return id;
}
