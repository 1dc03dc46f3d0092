/**
 * `@runmeta/testing/vitest`: matchers, fixtures, and runs around tests. Importing it, also as a `setupFiles` entry, adds
 * the matchers to `expect`.
 */
export { type RunFixtures, test } from "./vitest/fixtures.ts";
export { type AroundTest, inRun } from "./vitest/in-run.ts";
export { expect, type RunMatchers } from "./vitest/matchers.ts";
