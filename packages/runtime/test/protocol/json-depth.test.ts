import fc from "fast-check";
import { expect, test } from "vitest";
import { exceedsDepth } from "../../src/protocol/index.ts";

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test("S2 finds the depth of any JSON text, strings aside", () => {
  const bracketText = fc.string({ unit: fc.constantFrom("[", "]", "{", "}", '"', "\\", "a") });
  const value = fc.jsonValue({ stringUnit: "grapheme" });
  fc.assert(
    fc.property(fc.oneof(value, fc.dictionary(bracketText, fc.array(bracketText))), (json) => {
      const depth = depthOf(json);
      expect(exceedsDepth(JSON.stringify(json), depth)).toBe(false);
      if (depth > 0) expect(exceedsDepth(JSON.stringify(json, null, 2), depth - 1)).toBe(true);
    }),
  );
});

test("S2 answers for 1,000,000 levels, closed or not, and for text that is no JSON", () => {
  expect(exceedsDepth("[".repeat(1_000_000), 64)).toBe(true);
  expect(exceedsDepth(`${'{"a":'.repeat(1_000_000)}1${"}".repeat(1_000_000)}`, 999_999)).toBe(true);
  expect(exceedsDepth(`"${"[".repeat(1_000_000)}`, 64)).toBe(false);
  expect(exceedsDepth('"\\', 64)).toBe(false);
  expect(exceedsDepth("]]]]", 64)).toBe(false);
});
