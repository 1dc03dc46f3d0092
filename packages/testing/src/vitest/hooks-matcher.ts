import type { MatcherResult, MatcherState } from "vitest";
import { runOf } from "./run-of.ts";
import { shown } from "./shown.ts";

/** `toHaveRunHooks(hooks)`; see the module augmentation for what it means. */
export function toHaveRunHooks(this: MatcherState, subject: unknown, expected: unknown): MatcherResult {
  const run = runOf(subject, "toHaveRunHooks");
  const { equals } = this;
  // Each entry is compared in the form in which it is expected.
  const actual: unknown[] = run.hooks.map((call, index) => {
    const wanted: unknown = Array.isArray(expected) ? expected[index] : undefined;
    if (typeof wanted !== "object" || wanted === null || "asymmetricMatch" in wanted) return call.hook;
    return Object.fromEntries(Object.entries(call).filter(([name]) => name in wanted));
  });
  return {
    pass: equals(actual, expected, [...this.customTesters]),
    message: () =>
      `expected run ${run.id} ${this.isNot ? "not to have" : "to have"} called hooks ${shown(this, expected)}; ` +
      `it called ${run.hooks.map(({ hook, source, attempt }) => `${source} ${hook} (attempt ${attempt})`).join(", ") || "none"}`,
    actual,
    expected,
  };
}
