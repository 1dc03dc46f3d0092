import { permission } from "../auth/scopes.ts";
import type { RouteRequest } from "../http/route.ts";

/** True when a request names tasks and may do this with every one of them. */
export function everyTask(
  request: Pick<RouteRequest, "can">,
  action: "read" | "batchTrigger",
  tasks: readonly string[] | undefined,
): boolean {
  if (tasks === undefined || tasks.length === 0) return false;
  return tasks.every((task) => request.can([permission(action, "tasks", task)]));
}
