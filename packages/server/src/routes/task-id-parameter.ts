import { isPrintable } from "@runmeta/runtime/protocol";
import type { HttpError } from "../http/http-error.ts";
import type { RouteRequest } from "../http/route.ts";

/** Task ids are the user's words; longer ones are nobody's. Same number as for sessions in the official API. */
const MAX_TASK_ID_LENGTH = 128;

/** True for text that can be a task id: not blank, no control characters (databases refuse NUL), not too long. */
export function isTaskId(text: string): boolean {
  return text.trim() !== "" && text.length <= MAX_TASK_ID_LENGTH && isPrintable(text);
}

/**
 * The task id of a path.
 *
 * @throws HttpError 404 with the route's own words
 */
export function taskIdParameter(request: RouteRequest, notFound: () => HttpError): string {
  const id = request.param("taskId");
  if (!isTaskId(id)) throw notFound();
  return id;
}
