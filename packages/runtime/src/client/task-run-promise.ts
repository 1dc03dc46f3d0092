import { TaskRunFailedError } from "../errors.ts";
import type { RunResult } from "./wait-for-run.ts";

/** How a run that was triggered and waited for ended. */
export type TaskRunResult<Output = unknown> = RunResult<Output> & { readonly taskIdentifier: string };

/** The promise of `triggerAndWait`. */
export type TaskRunPromise<Output = unknown> = Promise<TaskRunResult<Output>> & {
  /** The output; @throws TaskRunFailedError when the run did not succeed */
  unwrap(): Promise<Output>;
};

/** Adds `unwrap` to the promise of a result. */
export function taskRunPromise<Output>(
  promise: Promise<TaskRunResult<Output>>,
  taskId: string,
): TaskRunPromise<Output> {
  return Object.assign(promise, {
    async unwrap(): Promise<Output> {
      const result = await promise;
      if (result.ok) return result.output;
      throw new TaskRunFailedError(taskId, result.id, result.error);
    },
  });
}
