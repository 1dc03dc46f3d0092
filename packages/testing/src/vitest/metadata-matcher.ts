import { isJsonObject, type JsonValue } from "@runmeta/runtime/protocol";
import type { MatcherResult, MatcherState } from "vitest";
import { metadataOf, valueAt } from "./metadata-of.ts";
import { shown } from "./shown.ts";

/** `toHaveMetadata(partial)` and `toHaveMetadata(key, value?)`; see the module augmentation for what they mean. */
export function toHaveMetadata(
  this: MatcherState,
  subject: unknown,
  expected: unknown,
  ...rest: readonly unknown[]
): MatcherResult {
  const document = metadataOf(subject);
  const { equals, isNot, utils } = this;
  const verb = isNot ? "not to have" : "to have";
  if (typeof expected === "string") {
    const actual = valueAt(document, expected);
    const found = `found ${actual === undefined ? "nothing" : shown(this, actual)}, in ${shown(this, document)}`;
    if (rest.length === 0) {
      return {
        pass: actual !== undefined,
        message: () => `expected metadata ${verb} ${shown(this, expected)}; ${found}`,
      };
    }
    const [value] = rest;
    return {
      pass: equals(actual, value, [...this.customTesters, utils.iterableEquality]),
      message: () => `expected metadata ${verb} ${shown(this, expected)}: ${shown(this, value)}; ${found}`,
      actual,
      expected: value,
    };
  }
  return {
    pass: equals(document, expected, [...this.customTesters, utils.iterableEquality, utils.subsetEquality]),
    message: () => `expected metadata ${verb} ${shown(this, expected)}, in ${shown(this, document)}`,
    actual: partLike(document, expected),
    expected,
  };
}

/** What a diff shows of a document: only the keys that were asked for. */
function partLike(actual: JsonValue | undefined, expected: unknown): unknown {
  if (!isJsonObject(actual) || typeof expected !== "object" || expected === null) return actual;
  if ("asymmetricMatch" in expected) return actual;
  const entries = Object.entries(expected).flatMap(([key, value]) =>
    Object.hasOwn(actual, key) ? [[key, partLike(actual[key], value)]] : [],
  );
  return Object.fromEntries(entries);
}
