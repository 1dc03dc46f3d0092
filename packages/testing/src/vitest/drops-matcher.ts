import type { Drop } from "@runmeta/runtime";
import type { MatcherResult, MatcherState } from "vitest";
import { runOf } from "./run-of.ts";
import { shown } from "./shown.ts";

/** `toHaveDropped(count | partial drop)`; see the module augmentation for what it means. */
export function toHaveDropped(this: MatcherState, subject: unknown, expected?: unknown): MatcherResult {
  const run = runOf(subject, "toHaveDropped");
  const verb = this.isNot ? "not to have" : "to have";
  const actual = run.drops.reduce((sum, { count }) => sum + count, 0);
  const lost = () => run.drops.map(describeDrop).join("\n") || "  nothing was dropped";
  if (isPartialDrop(expected)) {
    const { equals, utils } = this;
    const testers = [...this.customTesters, utils.iterableEquality, utils.subsetEquality];
    return {
      pass: run.drops.some((drop) => equals(drop, expected, testers)),
      message: () => `expected run ${run.id} ${verb} dropped ${shown(this, expected)}:\n${lost()}`,
      actual: run.drops,
      expected: [expected],
    };
  }
  if (expected === undefined) {
    return { pass: actual > 0, message: () => `expected run ${run.id} ${verb} dropped writes:\n${lost()}` };
  }
  return {
    pass: this.equals(actual, expected),
    message: () =>
      `expected run ${run.id} ${verb} dropped ${shown(this, expected)} writes, it dropped ${actual}:\n${lost()}`,
    actual,
    expected,
  };
}

function isPartialDrop(expected: unknown): expected is Partial<Drop> {
  return typeof expected === "object" && expected !== null && !("asymmetricMatch" in expected);
}

function describeDrop({ reason, count, keys, target, message }: Drop): string {
  const names = keys.map((key) => (key === "" ? "the whole document" : JSON.stringify(key))).join(", ");
  const where = target === "self" ? "" : ` of the ${target}`;
  return `  ${count} × ${reason}: ${names}${where}${message === undefined ? "" : ` (${message})`}`;
}
