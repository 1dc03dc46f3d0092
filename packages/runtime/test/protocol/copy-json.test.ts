import vm from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MetadataSizeError, MetadataValueError } from "../../src/errors.ts";
import type { JsonValue } from "../../src/protocol/index.ts";
import { copyJson, jsonBytes, lastCopyBytes, stringBytes } from "../../src/protocol/index.ts";

const unlimited = Number.POSITIVE_INFINITY;

function utf8(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function errorOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

function refusal(value: unknown, key?: string): MetadataValueError {
  const error = errorOf(() => copyJson(value, key, unlimited));
  expect(error).toBeInstanceOf(MetadataValueError);
  return error as MetadataValueError;
}

/** Anything JSON can print: dates, holes, undefined members, NaN and boxed primitives included. */
const jsonAble = fc.anything({
  withDate: true,
  withSparseArray: true,
  withBoxedValues: true,
  withNullPrototype: true,
  withUnicodeString: true,
  maxDepth: 4,
});

describe("copyJson", () => {
  test("I4 gives what JSON gives back and counts the bytes of its text, or throws", () => {
    let copied = 0;
    fc.assert(
      fc.property(jsonAble, (value) => {
        let copy: JsonValue | undefined;
        try {
          copy = copyJson(value, undefined, unlimited);
        } catch (error) {
          expect(error).toBeInstanceOf(MetadataValueError);
          return;
        }
        copied++;
        const text = JSON.stringify(value) as string | undefined;
        expect(copy).toEqual(text === undefined ? undefined : JSON.parse(text));
        if (copy !== undefined) expect(JSON.stringify(copy)).toBe(text);
        expect(lastCopyBytes()).toBe(text === undefined ? 0 : Buffer.byteLength(text));
      }),
      { numRuns: 3000 },
    );
    expect(copied).toBeGreaterThan(2000);
  });

  test("R8 counts every string as UTF-8 of its JSON text, lone surrogates too", () => {
    const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    const text = fc.oneof(
      fc.string({ unit }),
      fc.string({ unit: "binary" }),
      fc.string({ unit: "grapheme" }),
    );
    fc.assert(
      fc.property(text, (value) => {
        expect(stringBytes(value)).toBe(utf8(value));
      }),
      { numRuns: 3000 },
    );
    for (const value of [
      "é",
      "😀",
      '"',
      "\n",
      "\u2028",
      "\ud800",
      "\udc00x",
      "\0",
      "\u007f",
      "\\",
      "\ud83d\ud83d\ude00",
    ]) {
      expect(stringBytes(value)).toBe(utf8(value));
    }
  });

  test("counts any JSON value and any number as its JSON text", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(jsonBytes(value as JsonValue)).toBe(utf8(value));
      }),
    );
    const numbers = fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger());
    fc.assert(
      fc.property(numbers, (value) => {
        expect(jsonBytes(value)).toBe(utf8(value));
      }),
    );
    for (const value of [
      0, -0, 9, 10, 99_999_999, 100_000_000, 999_999_999, 1e9, -1e9, -999_999_999, 1e21, 1e-7,
    ]) {
      expect(jsonBytes(value)).toBe(utf8(value));
    }
  });

  test.each([
    ["function", () => 1],
    ["symbol", Symbol("s")],
    ["bigint", 10n],
    ["Map", new Map()],
    ["Set", new Set()],
    ["RegExp", /x/],
    ["Uint8Array", new Uint8Array(2)],
    ["Promise", Promise.resolve()],
    ["error", new Error("x")],
    ["class Point", new (class Point {})()],
    ["class Point", Object.create({ x: 1 })],
  ])("R1 R5 refuses %s with its path", (_, value) => {
    expect(refusal({ items: [{ onClick: value }] }, "user").path).toBe("$.user.items.0.onClick");
    expect(refusal(value, "user").path).toBe("$.user");
    expect(refusal(value, "$.a.b").path).toBe("$.a.b");
    expect(refusal(value).path).toBe("$");
    expect(refusal({ "odd key": value }).path).toBe('$["odd key"]');
  });

  test("R2 refuses a cycle where it closes, and takes shared values", () => {
    const list: unknown[] = [];
    const a = { list };
    list.push({ back: a });
    const error = refusal(a, "a");
    expect(error.path).toBe("$.a.list.0.back");
    expect(error.message).toContain("circular");
    const shared = { n: 1 };
    expect(copyJson({ x: shared, y: shared }, undefined, unlimited)).toEqual({ x: { n: 1 }, y: { n: 1 } });
    expect(lastCopyBytes()).toBe(25);
  });

  test("R2 stops at the limit in a graph that expands to gigabytes", () => {
    let visited = 0;
    let graph: unknown = "x";
    for (let depth = 0; depth < 40; depth++) {
      const inner = graph;
      graph = [
        inner,
        {
          get again() {
            visited++;
            return inner;
          },
        },
      ];
    }
    const error = errorOf(() => copyJson(graph, "graph", 4096));
    expect(error).toBeInstanceOf(MetadataSizeError);
    expect(visited).toBeLessThan(4096);
  });

  test("R3 takes 64 levels and refuses 65 and 100,000", () => {
    const nested = (levels: number) => {
      let value: unknown[] = [];
      for (let level = 1; level < levels; level++) value = [value];
      return value;
    };
    expect(copyJson(nested(64), "k", unlimited)).toEqual(nested(64));
    expect(refusal(nested(65)).message).toContain("64 levels");
    expect(refusal(nested(100_000)).message).toContain("64 levels");
  });

  test("R4 an error thrown while reading is the cause; a getter is read once", () => {
    const boom = new Error("boom");
    const fail = () => {
      throw boom;
    };
    const getter = refusal(Object.defineProperty({}, "x", { get: fail, enumerable: true }), "k");
    expect([getter.path, getter.cause]).toEqual(["$.k.x", boom]);
    expect(refusal({ a: { toJSON: fail } }, "k")).toMatchObject({ path: "$.k.a", cause: boom });
    expect(refusal({ p: new Proxy({}, { ownKeys: fail }) })).toMatchObject({ path: "$.p", cause: boom });
    expect(refusal({ p: new Proxy({ q: 1 }, { get: fail }) })).toMatchObject({ cause: boom });
    let reads = 0;
    const counted = {
      get x() {
        return ++reads;
      },
    };
    expect(copyJson(counted, "k", unlimited)).toEqual({ x: 1 });
    expect(reads).toBe(1);
  });

  test("R7 refuses an own member __proto__ and ignores symbol keys", () => {
    expect(refusal(JSON.parse('{"a":{"__proto__":{"polluted":true}}}'), "k").path).toBe("$.k.a.__proto__");
    expect(copyJson({ [Symbol("s")]: 1, a: 1 }, "k", unlimited)).toEqual({ a: 1 });
    expect(copyJson({ constructor: 1 }, "k", unlimited)).toEqual({ constructor: 1 });
  });

  test("R5 uses toJSON with the key, and takes objects of another realm", () => {
    const seen: unknown[] = [];
    const value = {
      toJSON(name: unknown) {
        seen.push(name);
        return { name };
      },
    };
    expect(copyJson({ a: value, b: [value] }, "k", unlimited)).toEqual({
      a: { name: "a" },
      b: [{ name: "0" }],
    });
    copyJson(value, "k", unlimited);
    expect(seen).toEqual(["a", "0", "k"]);
    expect(copyJson(new Date(0), "k", unlimited)).toBe("1970-01-01T00:00:00.000Z");
    expect(copyJson(new URL("http://a.b/"), "k", unlimited)).toBe("http://a.b/");
    expect(copyJson({ toJSON: () => undefined }, "k", unlimited)).toBeUndefined();
    expect(copyJson(vm.runInNewContext("({ a: [1, { b: 2 }] })"), "k", unlimited)).toEqual({
      a: [1, { b: 2 }],
    });
    expect(refusal(vm.runInNewContext("new Map()")).message).toContain("Map");
  });

  test("a copy made while another one is under way disturbs neither", () => {
    const outer = {
      first: "1",
      get nested() {
        expect(copyJson({ other: [1, 2] }, "inner", unlimited)).toEqual({ other: [1, 2] });
        expect(lastCopyBytes()).toBe(15);
        expect(() => copyJson("too long", "inner", 3)).toThrow(MetadataSizeError);
        return 2;
      },
      get last() {
        return copyJson(() => 1, "inner", unlimited);
      },
    };
    const error = refusal(outer, "outer");
    expect(error.path).toBe("$.outer.last");
    expect(error.cause).toMatchObject({ path: "$.inner" });
    expect(copyJson({ first: "1", nested: 2 }, "outer", unlimited)).toEqual({ first: "1", nested: 2 });
    expect(lastCopyBytes()).toBe(24);
  });

  test("R8 the limit is allowed exactly", () => {
    for (const value of ['é😀"\n\u2028\ud800\0', { a: [1, null, true] }, [], {}, 10, "x".repeat(5000)]) {
      const size = utf8(value);
      expect(copyJson(value, "k", size)).toEqual(value);
      expect(() => copyJson(value, "k", size - 1)).toThrow(MetadataSizeError);
    }
  });

  test("R6 the copy shares nothing with the value", () => {
    const value = { a: { b: [1] } };
    const copy = copyJson(value, "k", unlimited);
    value.a.b.push(2);
    expect(copy).toEqual({ a: { b: [1] } });
  });
});
