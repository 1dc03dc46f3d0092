import type { TestRun } from "../test-run.ts";

/**
 * The run that a matcher is given.
 * @throws TypeError for anything that `runTask` and `mockRun` did not give
 */
export function runOf(subject: unknown, matcher: string): TestRun {
  if (typeof subject === "object" && subject !== null && "hooks" in subject && "stats" in subject) {
    return subject as TestRun;
  }
  throw new TypeError(`${matcher} takes what runTask or mockRun gives. Was \`await\` forgotten?`);
}
