import type { Task } from "@runmeta/runtime";
import { encodePacket, type RunmetaConfig, requireTask } from "@runmeta/runtime/worker";
import { RunSession } from "./run-session.ts";
import type { TestOptions } from "./test-options.ts";
import type { TestRun } from "./test-run.ts";

/** Options of {@link runTask}. */
export interface RunTaskOptions extends TestOptions {
  /** Its hooks run before the task's, as in production. @default the process's (`useConfig`) */
  readonly config?: RunmetaConfig | undefined;
  /** Attempts at most, as `maxAttempts` of a trigger. @default what task or config say */
  readonly attempts?: number | undefined;
}

/**
 * Runs a task to its end through the code that runs it in production: hooks of config and task, middleware, retries,
 * the size limit, batched writes, the last flush. Only the clock and the endpoint are mocked; nothing global is, so
 * tests may run side by side. Payload and output travel as they do between processes.
 *
 * A task that fails is a result. Child runs are executed as well, and have ended by then.
 *
 * @throws TaskNotFoundError, ConfigError and MetadataValueError for what is wrong with the call; the error of a strict
 *   script that ran out
 * @example
 * const run = await runTask(importCities, { country: "NL" });
 * expect(run.status).toBe("COMPLETED");
 * expect(run.metadata).toEqual({ imported: 120 });
 */
export async function runTask<TPayload, TOutput>(
  task: Task<string, TPayload, TOutput>,
  payload: TPayload,
  options: RunTaskOptions = {},
): Promise<TestRun<TOutput>> {
  // At the call: another test may define a task of the same id later.
  const definition = requireTask(task.id);
  const session = new RunSession({
    ...options,
    taskMaximumSize: definition.settings.metadata?.maximumSize,
  });
  const metadata = session.document(options.metadata);
  const run = await session.drive(async () => {
    const created = await session.create({
      id: options.id,
      task: task.id,
      metadata,
      payload: await encodePacket(payload),
      tags: options.tags,
      parentId: await session.openParent(),
      maxAttempts: options.attempts,
    });
    await session.perform(created, definition);
    return created;
  });
  // What the task returned is known to its type only.
  return session.describe(run) as TestRun<TOutput>;
}
