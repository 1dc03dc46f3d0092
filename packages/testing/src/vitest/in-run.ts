import type { CurrentRun } from "@runmeta/runtime";
import type { MockRunOptions } from "../mock-run.ts";
import { mockRun } from "../mock-run.ts";
import type { TestRun } from "../test-run.ts";

/** What {@link inRun} makes of a test: a listener for vitest's `aroundEach`. */
export type AroundTest = (runTest: () => Promise<void>) => Promise<void>;

/**
 * Puts the body of each test inside a mocked run of its own: code under test may call `metadata` as it is. A fixture
 * cannot do that, because what is around its `use()` is not around the test.
 *
 * @param after called with what the run did, when the test is over; what it throws fails the test
 * @example
 * test.aroundEach(inRun({ metadata: { step: 0 } }));
 * test("starts over", () => {
 *   reset();
 *   expect(metadata).toHaveMetadata("step", 1);
 * });
 */
export function inRun(
  options: MockRunOptions = {},
  after: (run: TestRun) => void | Promise<void> = () => {},
): AroundTest {
  return async (runTest) => {
    const run = await mockRun(options, (_: CurrentRun) => runTest());
    await after(run);
  };
}
