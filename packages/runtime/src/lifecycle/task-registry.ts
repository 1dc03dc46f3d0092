import { TaskNotFoundError } from "../errors.ts";
import { processRegistry } from "./process-registry.ts";
import type { TaskDefinition } from "./task-definition.ts";

/** The task of this id, if the module that defines it has been imported. */
export function findTask(id: string): TaskDefinition | undefined {
  return processRegistry.tasks.get(id);
}

/** The task of this id. @throws TaskNotFoundError when it is not registered in this process */
export function requireTask(id: string): TaskDefinition {
  const found = findTask(id);
  if (found === undefined) throw new TaskNotFoundError(id);
  return found;
}

/** All tasks that are registered in this process, in the order of their definition. */
export function registeredTasks(): readonly TaskDefinition[] {
  return [...processRegistry.tasks.values()];
}
