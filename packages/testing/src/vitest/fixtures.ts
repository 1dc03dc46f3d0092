import { test as base, type RunnerTask, type TestAPI } from "vitest";
import type { ManualClock } from "../manual-clock.ts";
import type { mockRun } from "../mock-run.ts";
import type { runTask } from "../run-task.ts";
import type { ScriptedEndpoint } from "../scripted-endpoint.ts";
import { benchOf, takeBench } from "./test-bench.ts";

/** What {@link test} gives to a test that asks for it. */
export interface RunFixtures {
  /** `runTask`, with the test's `clock` and `endpoint`; what its runs leave behind fails the test. */
  readonly runTask: typeof runTask;
  /** `mockRun`, likewise. */
  readonly mockRun: typeof mockRun;
  /** A healthy endpoint of the test's own; script it with `endpoint.reply(status(503), …)`. */
  readonly endpoint: ScriptedEndpoint;
  /** A clock that the test moves. Only a test that asks for it has to: otherwise waits take no time. */
  readonly clock: ManualClock;
  /** `"allow"` does not fail a test for what its runs leave behind: `test.override({ leftovers: "allow" })`. @default "fail" */
  readonly leftovers: "fail" | "allow";
}

/**
 * Vitest's `test`, with fixtures for runs. Nothing is shared between tests, concurrent ones included.
 *
 * @example
 * test("imports the rows", async ({ runTask }) => {
 *   expect(await runTask(importRows, ["a", "b"])).toHaveMetadata({ imported: 2 });
 * });
 */
export const test: TestAPI<RunFixtures> = base.extend<RunFixtures>({
  leftovers: "fail",
  clock: ({ task }, use) => use(benchOf(task).clock),
  endpoint: ({ task }, use) => use(benchOf(task).endpoint),
  // Not after `use()`: vitest reports twice what a fixture throws there.
  runTask: ({ task, leftovers, onTestFinished }, use) => {
    onTestFinished(() => endBench(task, leftovers));
    return use(benchOf(task).runTask);
  },
  mockRun: ({ task, leftovers, onTestFinished }, use) => {
    onTestFinished(() => endBench(task, leftovers));
    return use(benchOf(task).mockRun);
  },
});

function endBench(task: Readonly<RunnerTask>, leftovers: RunFixtures["leftovers"]): void {
  const bench = takeBench(task);
  // A test that failed half-way has left things behind, and says already why.
  if (leftovers === "fail" && task.result?.state !== "fail") bench?.end();
}
