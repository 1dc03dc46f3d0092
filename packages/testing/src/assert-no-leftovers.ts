import type { TestRun } from "./test-run.ts";

/**
 * Fails when runs, or their children, left something behind. The fixtures of `@runmeta/testing/vitest` do it by themselves;
 * elsewhere call it at the end of a test, when late code has had its chance.
 *
 * @throws Error with the message of each {@link Leftover}
 * @example
 * const run = await runTask(importRows, ["a"]);
 * assertNoLeftovers(run);
 */
export function assertNoLeftovers(...runs: readonly TestRun[]): void {
  const messages = runs.flatMap(messagesOf);
  if (messages.length > 0) throw new Error(messages.join("\n"));
}

function messagesOf(run: TestRun): readonly string[] {
  return [...run.leftovers.map(({ message }) => message), ...run.children.flatMap(messagesOf)];
}
