import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MetadataValueError } from "../../src/errors.ts";
import { assertSafeKey, isSafeKey } from "../../src/protocol/index.ts";

// By file: the package's entry point also loads telemetry, which fails to resolve under the test runner's conditions.
const { isSafeMetadataKey } = createRequire(import.meta.url)(
  "../../node_modules/@trigger.dev/core/dist/commonjs/v3/schemas/common.js",
) as { isSafeMetadataKey(key: string): boolean };

const piece = fc.constantFrom(
  "$",
  ".",
  "[",
  "]",
  "'",
  '"',
  "\\",
  "a",
  "\n",
  "__proto__",
  "constructor",
  "prototype",
);

describe("isSafeKey", () => {
  test("equals the official check on every string", () => {
    const key = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(key, (text) => {
        expect(isSafeKey(text)).toBe(isSafeMetadataKey(text));
        expect(isSafeKey(`$.${text}`)).toBe(isSafeMetadataKey(`$.${text}`));
      }),
      { numRuns: 3000 },
    );
  });
});

describe("assertSafeKey", () => {
  test.each([
    "__proto__",
    "$.a.__proto__.b",
    "$['__proto__']",
    '$["constructor"].x',
    "$.['__proto__']",
    "$.a\\.prototype",
    "$.constructor.prototype.x",
    "$.",
    "$..",
  ])("R7 refuses %s", (key) => {
    expect(() => assertSafeKey(key)).toThrow(MetadataValueError);
  });

  test.each(["constructor", "prototype", "$", "", "a.b", "$.a", "$[0]", "$.__proto"])("takes %s", (key) => {
    expect(() => assertSafeKey(key)).not.toThrow();
  });
});
