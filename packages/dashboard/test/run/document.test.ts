import { applyOperation, cloneJson, type JsonObject } from "@runmeta/runtime/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { documentRows, rowPath } from "../../src/run/document/document-rows.ts";
import { metadataPath } from "../../src/run/document/metadata-path.ts";
import { shareUnchanged } from "../../src/run/document/share-unchanged.ts";
import { anyDocument } from "./arbitrary-document.ts";

describe("rows of a document", () => {
  test("stand below each other as its members do, with their places", () => {
    const rows = documentRows({ step: 3, user: { name: "ann", tags: ["x"] }, empty: {} }, new Map());
    expect(
      rows.map(({ id, level, position, siblings, expanded }) => [id, level, position, siblings, expanded]),
    ).toEqual([
      ["/step", 1, 1, 3, undefined],
      ["/user", 1, 2, 3, true],
      ["/user/name", 2, 1, 2, undefined],
      ["/user/tags", 2, 2, 2, true],
      ["/user/tags/0", 3, 1, 1, undefined],
      ["/empty", 1, 3, 3, undefined],
    ]);
    expect(rowPath(rows[4]!)).toEqual(["user", "tags", 0]);
  });

  test("follow what the reader opened and closed", () => {
    const document = { user: { name: "ann" }, many: Array.from({ length: 60 }, (_, n) => n) };
    expect(documentRows(document, new Map()).map((row) => row.id)).toEqual(["/user", "/user/name", "/many"]);
    const openings = new Map([
      ["/user", false],
      ["/many", true],
    ]);
    expect(documentRows(document, openings)).toHaveLength(62);
  });

  test("have ids that tell all of them apart, and lead back to their values", () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const everything = { get: () => true } as unknown as ReadonlyMap<string, boolean>;
        const rows = documentRows(document, everything);
        expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
        for (const row of rows) {
          let value: unknown = document;
          for (const name of rowPath(row)) value = (value as Record<string | number, unknown>)[name];
          expect(row.value).toBe(value);
        }
      }),
    );
  });
});

describe("what did not change", () => {
  test("is shared with the earlier document, and what did is named with what contains it", () => {
    const before: JsonObject = { a: { b: [1, 2], c: { d: 1 } }, e: [{ f: 1 }], "x/y": 1 };
    const { document, changed } = shareUnchanged(before, {
      a: { b: [1, 3], c: { d: 1 } },
      e: [{ f: 1 }],
      "x/y": 2,
      new: 1,
    });
    expect([...changed].sort()).toEqual(["/a", "/a/b", "/a/b/1", "/new", "/x~1y"]);
    expect(document["e"]).toBe(before["e"]);
    expect((document["a"] as JsonObject)["c"]).toBe((before["a"] as JsonObject)["c"]);
  });

  test("is all of it when nothing did; the new document keeps its values in any case", () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (before, after) => {
        const same = shareUnchanged(before, cloneJson(before));
        expect(same.document).toBe(before);
        expect(same.changed.size).toBe(0);
        expect(shareUnchanged(before, cloneJson(after)).document).toEqual(after);
      }),
    );
  });

  test("W1 a member called __proto__ stays a member", () => {
    const parse = (text: string) => JSON.parse(text) as JsonObject;
    const text = '{"a":1,"__proto__":{"evil":true}}';
    const { document } = shareUnchanged(parse(text), parse(text.replace("1", "2")));
    expect(JSON.stringify(document)).toBe(text.replace("1", "2"));
    expect(Object.getPrototypeOf(document)).toBe(Object.prototype);
  });
});

describe("the path of a place", () => {
  test.each<[(string | number)[], string, boolean]>([
    [["step"], "$.step", true],
    [["user", "tags", 0], "$.user.tags.0", true],
    [["a.b"], "a.b", true],
    [[""], "", true],
    [["$.a"], '$["$.a"]', false],
    [["a", "b.c", 0], '$.a["b.c"][0]', false],
    [["a", "__proto__"], "$.a.__proto__", false],
  ])("%j is %s", (path, text, settable) => {
    expect(metadataPath(path)).toEqual({ text, settable });
  });

  test("is what metadata.set takes for it", () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const everything = { get: () => true } as unknown as ReadonlyMap<string, boolean>;
        for (const row of documentRows(document, everything)) {
          const path = metadataPath(rowPath(row));
          // A write to what is null there has no effect, as in the official function.
          if (!path.settable || (row.value === null && path.text.startsWith("$."))) continue;
          const changed = applyOperation(cloneJson(document), { type: "set", key: path.text, value: "here" });
          let value: unknown = changed.document;
          for (const name of rowPath(row)) value = (value as Record<string | number, unknown>)[name];
          expect(value).toBe("here");
        }
      }),
    );
  });
});
