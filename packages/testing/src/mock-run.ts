import { type CurrentRun, type RunOptions, withRunResult } from "@runmeta/runtime";
import { RunSession } from "./run-session.ts";
import type { TestOptions } from "./test-options.ts";
import type { TestRun } from "./test-run.ts";

/** Options of {@link mockRun}. */
export interface MockRunOptions extends TestOptions {
  /** Name of the task. @default "run" */
  readonly task?: string | undefined;
  readonly payload?: unknown;
  /** How writes are batched and delivered. */
  readonly flush?: RunOptions["flush"];
}

/** What {@link mockRun} gives. */
export type MockedRun<T> = TestRun & {
  /** What the body gave, as it is. */
  readonly result: T;
};

/**
 * Calls any code inside a mocked run: `withRun` with a clock and an endpoint of its own. The run is registered, started
 * and completed at the endpoint as in production.
 *
 * @throws what `body` throws, unchanged (an assertion in it must fail the test); see {@link runTask} for the rest
 * @example
 * const { result, metadata } = await mockRun({ metadata: { done: 0 } }, () => processFiles(["a", "b"]));
 */
export async function mockRun<T>(
  options: MockRunOptions,
  body: (run: CurrentRun) => T | Promise<T>,
): Promise<MockedRun<T>> {
  const session = new RunSession(options);
  const metadata = session.document(options.metadata);
  const id = options.id ?? session.endpoint.runs.newId();
  const outcome = await session.drive(async () => {
    if (options.id !== undefined) await session.requireUnused(options.id);
    const parentId = await session.openParent();
    await session.openUnregistered({ id, task: options.task, tags: options.tags, metadata, parentId });
    return withRunResult(
      {
        id,
        task: options.task,
        tags: options.tags,
        payload: options.payload,
        metadata,
        parentId,
        signal: options.signal,
        flush: options.flush,
        clock: session.clock,
        client: session.client,
        onWrite: session.noteWrites(id),
        ...session.listeners(id),
      },
      body,
    );
  });
  session.notesOf(id).stats = outcome.stats;
  if (!outcome.ok) throw outcome.error;
  const run = session.endpoint.runs.find(id);
  if (run === undefined) throw new Error(`the endpoint did not accept the run ${id}`);
  session.endUnregistered(run);
  return { ...session.describe(run), output: outcome.value, result: outcome.value };
}
