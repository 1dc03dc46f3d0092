import { type Permission, permission } from "../auth/scopes.ts";
import type { RunRow } from "../storage/storage.ts";

/**
 * What allows to read a run: its id, its task, any of its tags, its batch. Of a run that is not there only the id
 * counts, so that a token for others is answered alike whether it is or not.
 */
export function readPermissions(
  id: string,
  run: Pick<RunRow, "task" | "tags" | "batchId"> | undefined,
): Permission[] {
  const permissions = [permission("read", "runs", id)];
  if (run === undefined) return permissions;
  permissions.push(permission("read", "tasks", run.task));
  for (const tag of run.tags) permissions.push(permission("read", "tags", tag));
  if (run.batchId !== undefined) permissions.push(permission("read", "batch", run.batchId));
  return permissions;
}
