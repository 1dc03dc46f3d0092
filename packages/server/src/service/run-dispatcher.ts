import type { EngineName } from "../storage/storage.ts";

/** The little that the services need of an engine. */
export interface RunDispatcher {
  /** Whose queue a triggered run joins. */
  readonly name: EngineName;
  /** False makes a trigger answer 404 `Task not found`. */
  knows(task: string): boolean;
  /** What the task's own definition says about its runs; options of a trigger win. */
  taskDefaults?(task: string): { readonly queue?: string; readonly ttl?: string | number | undefined };
  /** Runs may be due. Returns at once. */
  notify(): void;
  /** A run was cancelled; if it executes here, its signal aborts. Returns at once. */
  cancel(runId: string): void;
}
