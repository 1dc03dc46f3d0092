import type { EngineName, RunSummary } from "../storage/storage.ts";

/** What a task's own definition says about its runs. */
export interface TaskDefaults {
  readonly queue?: string | undefined;
  readonly ttl?: string | number | undefined;
}

/** The little that the services need of an engine. */
export interface RunDispatcher {
  /** Whose queue a triggered run joins. */
  readonly name: EngineName;
  /** False makes a trigger answer 404 `Task not found`. */
  knows(task: string): boolean;
  /** What the task's own definition says about its runs; options of a trigger win. */
  taskDefaults?(environment: string, task: string): TaskDefaults | Promise<TaskDefaults>;
  /** Runs may be due. Returns at once. */
  notify(): void;
  /** A run was cancelled; if it executes here, its signal aborts. Returns at once. */
  cancel(runId: string): void;
  /** A run executes no longer, so another one of its queue may begin. Returns at once. */
  left?(run: RunSummary): void;
}
