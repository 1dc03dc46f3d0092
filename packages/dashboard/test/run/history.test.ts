import { applyOperations, cloneJson, type JsonObject, type Operation } from "@runmeta/runtime/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { numericSeries } from "../../src/run/history/numeric-series.ts";
import { lastVersion, momentAt, type RunHistory, withAnswer } from "../../src/run/history/run-history.ts";
import { Timeline } from "../../src/run/history/timeline.ts";
import { anyDocument, anyOperation } from "./arbitrary-document.ts";

const STARTED_MS = Date.parse("2026-11-25T22:00:00.000Z");

/** A history with one change a second, and the document after each. */
function historyOf(document: JsonObject, writes: readonly (readonly Operation[])[]) {
  const documents = [document];
  for (const operations of writes) {
    documents.push(applyOperations(cloneJson(documents.at(-1) ?? {}), operations).document);
  }
  const history: RunHistory = {
    limitBytes: 4096,
    base: { version: 0, at: at(0), document },
    changes: writes.map((operations, index) => ({
      version: index + 1,
      at: at(index + 1),
      attempt: 1,
      operations,
    })),
  };
  return { history, documents };
}

function at(second: number): string {
  return new Date(STARTED_MS + second * 1_000).toISOString();
}

const anyWrites = fc.array(fc.array(anyOperation, { minLength: 1, maxLength: 3 }), { maxLength: 12 });

describe("the document at any moment", () => {
  test("is what the operations up to then make of it; at the last moment the current document", () => {
    fc.assert(
      fc.property(anyDocument, anyWrites, fc.array(fc.nat(), { maxLength: 6 }), (document, writes, asked) => {
        const { history, documents } = historyOf(document, writes);
        const timeline = new Timeline(history);
        for (const one of [...asked, writes.length]) {
          const index = one % documents.length;
          expect(timeline.documentAt(index)).toEqual(documents[index]);
        }
      }),
    );
  });

  test("is the same from far and near, in any order, over a long history", () => {
    const writes = Array.from({ length: 1_000 }, (_, n): Operation[] => [
      { type: "increment", key: "count", value: 1 },
      { type: "set", key: `k${n % 7}`, value: n },
    ]);
    const timeline = new Timeline(historyOf({}, writes).history);
    for (const index of [1_000, 3, 999, 64, 65, 63, 500, 0, 1_000]) {
      expect(timeline.documentAt(index)["count"] ?? 0).toBe(index);
    }
  });

  test("belongs to the caller", () => {
    const timeline = new Timeline(
      historyOf({ list: [1] }, [[{ type: "append", key: "list", value: 2 }]]).history,
    );
    timeline.documentAt(1)["list"] = "gone";
    timeline.documentAt(0)["list"] = "gone";
    expect(timeline.documentAt(1)).toEqual({ list: [1, 2] });
  });
});

describe("numbers over time", () => {
  test("are the numbers of the documents at their place", () => {
    const path = fc.constantFrom<(string | number)[]>(
      ["a"],
      ["count"],
      ["list", 0],
      ["deep", "a"],
      ["a.b"],
      ["$.a"],
    );
    fc.assert(
      fc.property(
        anyDocument,
        anyWrites,
        fc.uniqueArray(path, { selector: String }),
        (document, writes, paths) => {
          const { history, documents } = historyOf(document, writes);
          const places = paths.map((one) => ({ id: one.join("/"), path: one }));
          const series = numericSeries(history, places);
          for (const place of places) {
            const samples = series.get(place.id) ?? [];
            documents.forEach((one, index) => {
              const last = samples.findLast((sample) => sample.atMs <= Date.parse(at(index)));
              expect(last?.value).toBe(numberIn(one, place.path));
            });
          }
        },
      ),
    );
  });

  test("leave out places that never had one", () => {
    const { history } = historyOf({ name: "x" }, [[{ type: "set", key: "count", value: 1 }]]);
    const series = numericSeries(history, [
      { id: "name", path: ["name"] },
      { id: "count", path: ["count"] },
    ]);
    expect([...series]).toEqual([["count", [{ atMs: STARTED_MS + 1_000, value: 1 }]]]);
  });
});

describe("what comes after", () => {
  const { history } = historyOf({}, [
    [{ type: "set", key: "a", value: 1 }],
    [{ type: "set", key: "a", value: 2 }],
  ]);
  const third = {
    version: 3,
    at: at(3),
    attempt: 2,
    operations: [{ type: "set", key: "a", value: 3 }],
  } as const;

  test("is put behind what is known, once", () => {
    const answer = { limitBytes: 4096, changes: [...history.changes.slice(1), third] };
    const known = withAnswer(history, answer);
    expect(known?.changes.map((change) => change.version)).toEqual([1, 2, 3]);
    expect(known && withAnswer(known, answer)).toBe(known);
    expect(known && lastVersion(known)).toBe(3);
    expect(known && momentAt(known, 3)).toBe(at(3));
  });

  test("is all there is when the server starts over", () => {
    const base = { version: 2, at: at(2), document: { a: 2 } };
    expect(withAnswer(history, { limitBytes: 4096, base, changes: [third] })).toEqual({
      limitBytes: 4096,
      base,
      changes: [third],
    });
  });

  test("folds the older half away when it gets too much, and nothing else changes", () => {
    const writes = Array.from({ length: 5_000 }, (): Operation[] => [
      { type: "increment", key: "n", value: 1 },
    ]);
    const long = historyOf({}, writes).history;
    const more = { version: 5_001, at: at(5_001), attempt: 1, operations: writes[0] ?? [] };
    const known = withAnswer(long, { limitBytes: 4096, changes: [more] });
    expect(known?.changes.length).toBe(2_500);
    expect(known?.base).toEqual({ version: 2_501, at: at(2_501), document: { n: 2_501 } });
    expect(known && new Timeline(known).documentAt(2_500)).toEqual({ n: 5_001 });
  });
});

function numberIn(document: JsonObject, path: readonly (string | number)[]): number | undefined {
  let value: unknown = document;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string | number, unknown>)[name];
  }
  return typeof value === "number" ? value : undefined;
}
