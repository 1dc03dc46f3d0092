import { JSONHeroPath } from "@jsonhero/path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MetadataSizeError } from "../../src/errors.ts";
import type { JsonObject, JsonValue } from "../../src/protocol/index.ts";
import {
  assignSegment,
  cloneJson,
  gapBefore,
  parentOf,
  readSegment,
  rootOf,
  simplePath,
} from "../../src/protocol/index.ts";
import { anyKey, jsonObject, jsonValue } from "./operation-arbitraries.ts";

describe("simplePath", () => {
  test("gives the segments that the library reads, or leaves the path to it", () => {
    const part = fc.oneof(
      fc.constantFrom("a", "0", "-1", "01", "a b", "ü", "*", "[0:1]", "[0]", "", "~1", "~", "$", "\\", "'"),
      fc.string(),
    );
    const key = fc.array(part, { maxLength: 4 }).map((parts) => `$.${parts.join(".")}`);
    let simple = 0;
    fc.assert(
      fc.property(key, (text) => {
        const segments = simplePath(text);
        if (segments === undefined) return;
        simple++;
        new JSONHeroPath("$.a");
        const components = new JSONHeroPath(text).components.slice(1);
        expect(components.map((component) => component.constructor.name)).toEqual(
          segments.map(() => "SimpleKeyPathComponent"),
        );
        expect(components.map(String)).toEqual(segments);
      }),
      { numRuns: 3000 },
    );
    expect(simple).toBeGreaterThan(300);
  });

  test.each([
    "a",
    "a.b",
    "$",
    "$.",
    "$.*",
    "$.a.[0:1]",
    "$.a[0]",
    "$.a..b",
    "$.a.",
    "$.a\\.b",
    "$.a~1b",
    "$.a.length",
    "$.__proto__",
    "$.$",
  ])("leaves %s alone", (key) => {
    expect(simplePath(key)).toBeUndefined();
  });

  test("answers the same when its cache has been emptied by many other paths", () => {
    const first = simplePath("$.a.0");
    for (let index = 0; index < 2500; index++) simplePath(`$.other.${index}`);
    expect(simplePath("$.a.0")).toEqual(first);
    expect(first).toEqual(["a", "0"]);
  });

  test("rootOf names the one member that a key can touch", () => {
    expect(["a", "a.b", "", "$", "$a", "$.a", "$.a.b.0"].map(rootOf)).toEqual([
      "a",
      "a.b",
      "",
      "$",
      "$a",
      "a",
      "a",
    ]);
    expect(["$.*", "$.", "$.a\\.b", "$.a.*"].map(rootOf)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("walking without the library", () => {
  test("writes and reads what the library writes and reads", () => {
    fc.assert(
      fc.property(jsonObject, anyKey, jsonValue, (document, key, value) => {
        const segments = simplePath(key);
        fc.pre(segments !== undefined);
        const path = new JSONHeroPath(key);
        const expected = cloneJson(document);
        path.set(expected, value);
        const actual: JsonObject = cloneJson(document);
        const last = segments?.at(-1) ?? "";
        const parent = parentOf(actual, segments ?? []);
        const before = path.first(document) as unknown;
        if (parent !== undefined) {
          const found: JsonValue | undefined = readSegment(parent, last);
          expect(found).toEqual(typeof before === "function" ? undefined : before);
          assignSegment(parent, last, value);
        }
        expect(JSON.stringify(actual)).toBe(JSON.stringify(expected));
      }),
      { numRuns: 2000 },
    );
  });

  test("an index far past the end is refused and changes nothing", () => {
    const list: JsonValue[] = [1];
    expect(gapBefore(list, "4294967294")).toBe(4_294_967_293);
    expect(() => assignSegment(list, "4294967294", 1)).toThrow(MetadataSizeError);
    expect(list).toEqual([1]);
    assignSegment(list, "3", 4);
    expect(list).toEqual([1, null, null, 4]);
  });
});
