import { applyOperations, cloneJson, type JsonObject } from "@runmeta/runtime/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  conflictingNames,
  editedDocument,
  editRequest,
  unseenConflicts,
} from "../../src/run/edit/edit-operations.ts";
import { readDocument } from "../../src/ui/read-document.ts";
import { anyDocument } from "./arbitrary-document.ts";

describe("an edit", () => {
  test("touches only what it changed: what the job wrote elsewhere stays", () => {
    const base = { step: 1, note: "a", old: true };
    const request = editRequest(base, { step: 1, note: "b", new: [1] }, { ...base, step: 2 });
    expect(request).toEqual({
      operations: [
        { type: "set", key: "note", value: "b" },
        { type: "delete", key: "old" },
        { type: "set", key: "new", value: [1] },
      ],
    });
  });

  test("replaces all where a name cannot be set by itself, with what the others are by then", () => {
    const newest = { step: 2, theirs: true };
    expect(editRequest({ step: 1 }, { step: 1, "$.a": 1 }, newest)).toEqual({
      metadata: { step: 2, theirs: true, "$.a": 1 },
    });
    expect(editRequest({ "$.a": 1 }, {}, { "$.a": 1 })).toEqual({
      operations: [{ type: "delete", key: "$.a" }],
    });
  });

  test("leads to the document that was typed, when nobody else wrote", () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (base, edited) => {
        const request = editRequest(base, edited, base);
        const result: JsonObject =
          "metadata" in request
            ? request.metadata
            : applyOperations(cloneJson(base), request.operations).document;
        expect(result).toEqual(edited);
        expect(editedDocument(base, edited, base)).toEqual(edited);
        expect(conflictingNames(base, edited, base)).toEqual([]);
      }),
    );
  });

  test("is in conflict with what changed the same name to something else", () => {
    const base = { step: 1, note: "a", both: 1, gone: 1 };
    const edited = { step: 1, note: "mine", both: 2, gone: 2 };
    const newest = { step: 9, note: "theirs", both: 2 };
    expect(conflictingNames(base, edited, newest)).toEqual(["note", "gone"]);
    expect(editedDocument(base, edited, newest)).toEqual({ step: 9, note: "mine", both: 2, gone: 2 });
  });

  test("is in a conflict that was not seen where the other value is not the one that was shown", () => {
    const base = { a: 1, b: 1, c: 1 };
    const edited = { a: 2, b: 2, c: 1 };
    const shown = { a: 7, b: 1, c: 1 };
    expect(unseenConflicts(base, edited, shown, shown)).toEqual([]);
    expect(unseenConflicts(base, edited, shown, { a: 7, b: 8, c: 8 })).toEqual(["b"]);
    expect(unseenConflicts(base, edited, shown, { a: 9, b: 2, c: 8 })).toEqual(["a"]);
  });
});

describe("a typed document", () => {
  test("is what its JSON says", () => {
    const text = '{ "name": "Zoë 😀",\n  "n": 1.50 }';
    expect(readDocument(text)).toEqual({ ok: true, document: { name: "Zoë 😀", n: 1.5 } });
  });

  test.each([
    ['{\n  "a": 1,\n}', "Property name expected", 3, 1],
    ['{ "a" 1 }', "Colon expected", 1, 7],
    ['{ "a": 1 "b": 2 }', "Comma expected", 1, 10],
    ['{ "a": tru }', "Invalid symbol", 1, 8],
    ['{ "a": 1 } // no', "Invalid comment token", 1, 12],
    ["", "Empty: the smallest document is {}", 1, 1],
    ["[1]", "A document is an object: { … }", 1, 1],
  ])("%j is refused where it is wrong", (text, message, line, column) => {
    const read = readDocument(text);
    expect(read).toMatchObject({ ok: false, message, place: { line, column } });
  });

  test("is refused when it cannot be stored", () => {
    expect(readDocument(`${'{"a":'.repeat(65)}1${"}".repeat(65)}`)).toMatchObject({ ok: false });
    expect(readDocument('{"a":1e999}')).toMatchObject({ ok: false });
    expect(readDocument('{"a":{"__proto__":1}}')).toMatchObject({ ok: false });
  });
});
