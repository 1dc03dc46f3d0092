import { describe, expect, it } from "vitest";
import {
  currentRun,
  MetadataSizeError,
  MetadataValueError,
  memoryTarget,
  metadata,
  withRun,
} from "../../src/index.ts";

class Account {
  name = "x";
}

/** Every update method with a value that must be refused. */
const writers: Record<string, (value: unknown) => unknown> = {
  set: (value) => metadata.set("user", { deep: [value] }),
  append: (value) => metadata.append("list", { deep: [value] }),
  remove: (value) => metadata.remove("list", { deep: [value] }),
  save: (value) => metadata.save({ user: { deep: [value] } }),
  "set by path": (value) => metadata.set("$.user.more", { deep: [value] }),
  "parent.set": (value) => metadata.parent.set("user", { deep: [value] }),
};

async function expectUnchanged(body: () => unknown, expected: object): Promise<void> {
  const target = memoryTarget({ user: { name: "a" }, list: [1] });
  await withRun({ target, metadata: { user: { name: "a" }, list: [1] } }, async (run) => {
    const before = { document: metadata.current(), stats: run.stats() };
    let thrown: unknown;
    try {
      body();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject(expected);
    expect({ document: metadata.current(), stats: run.stats() }).toEqual(before);
    metadata.set("next", 1);
    expect(metadata.get("next")).toBe(1);
  });
}

describe("values that JSON cannot keep", () => {
  for (const [name, write] of Object.entries(writers)) {
    it(`R1 ${name}: function, symbol and bigint are refused by path; nothing changes, the next set works`, async () => {
      for (const value of [() => {}, Symbol("s"), 1n]) {
        await expectUnchanged(() => write(value), {
          name: "MetadataValueError",
          path: expect.stringContaining(".deep"),
        });
      }
    });
    it(`R4 R5 ${name}: throwing getters, maps, sets, class instances are refused; nothing changes`, async () => {
      const boom = new Error("boom");
      const throwing = {
        get a(): never {
          throw boom;
        },
      };
      await expectUnchanged(() => write(throwing), { name: "MetadataValueError", cause: boom });
      for (const value of [new Map(), new Set(), /x/, new Uint8Array(2), new Account(), new WeakMap()]) {
        await expectUnchanged(() => write(value), { name: "MetadataValueError" });
      }
    });
  }

  it("R2 a cycle is refused; shared references count twice; an expanding graph stops at the limit", async () => {
    const cycle: Record<string, unknown> = {};
    cycle.a = { b: cycle };
    await expectUnchanged(() => metadata.set("x", cycle), { message: expect.stringContaining("circular") });
    await withRun({ target: memoryTarget() }, async () => {
      const shared = { n: 1 };
      metadata.set("x", { a: shared, b: shared });
      expect(metadata.get("x")).toEqual({ a: { n: 1 }, b: { n: 1 } });
      let graph: unknown = "leaf";
      for (let i = 0; i < 40; i += 1) graph = [graph, graph];
      let visited = 0;
      const counting = new Proxy([graph], {
        get: (target, name) => {
          visited += 1;
          return Reflect.get(target, name) as unknown;
        },
      });
      expect(() => metadata.set("y", counting)).toThrow(MetadataSizeError);
      expect(visited).toBeLessThan(20);
    });
  });

  it("R3 deeper than 64 levels, and 100,000, is refused without a stack overflow", async () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i += 1) deep = { deep };
    await expectUnchanged(() => metadata.set("x", deep), { name: "MetadataValueError" });
    await expectUnchanged(() => metadata.append("x", deep), { name: "MetadataValueError" });
    await expectUnchanged(() => metadata.save({ deep }), { name: "MetadataValueError" });
  });

  it("I3 a path deeper than 64 levels is refused: no server takes one", async () => {
    const path = `$.${Array.from({ length: 100 }, (_, i) => `p${i}`).join(".")}`;
    await expectUnchanged(() => metadata.set(path, 1), { name: "MetadataValueError" });
    await expectUnchanged(() => metadata.increment(path), { name: "MetadataValueError" });
    await withRun({ target: memoryTarget() }, async (run) => {
      let at = "$.a";
      for (let i = 0; i < 200; i += 1) {
        at = `${at}.b`;
        try {
          metadata.set(at, {});
        } catch (error) {
          expect(error).toBeInstanceOf(MetadataValueError);
          break;
        }
        if (i === 199) expect.unreachable();
      }
      await metadata.flush();
      expect(run.stats()).toMatchObject({ pending: 0, dropped: 0 });
    });
  });

  it("R5 Date and URL give what their toJSON gives; Infinity and NaN are null; undefined removes", async () => {
    await withRun({ target: memoryTarget() }, async () => {
      const date = new Date(0);
      metadata
        .set("date", date)
        .set("url", new URL("https://example.com/x"))
        .set("n", Number.NaN)
        .set("gone", 1);
      metadata
        .set("gone", undefined)
        .set("object", { a: undefined, b: [undefined], c: Number.POSITIVE_INFINITY });
      expect(metadata.current()).toEqual({
        date: "1970-01-01T00:00:00.000Z",
        url: "https://example.com/x",
        n: null,
        object: { b: [null], c: null },
      });
    });
  });

  it("R7 dangerous keys are refused in any spelling; a literal key constructor round-trips", async () => {
    for (const key of [
      "__proto__",
      "$.a.__proto__.b",
      "$['__proto__']",
      "$.constructor.prototype.x",
      "$.a['__proto__'].b",
      '$["constructor"].x',
      "$.a[__proto__]",
    ]) {
      for (const write of [
        () => metadata.set(key, { polluted: true }),
        () => metadata.increment(key),
        () => metadata.append(key, 1),
        () => metadata.remove(key, 1),
        () => metadata.del(key),
        () => metadata.parent.set(key, 1),
      ]) {
        await expectUnchanged(write, { name: "MetadataValueError" });
      }
    }
    await expectUnchanged(() => metadata.set("x", JSON.parse('{"__proto__":{"polluted":true}}')), {
      name: "MetadataValueError",
    });
    await withRun({ target: memoryTarget() }, async (run) => {
      metadata.set("constructor", { a: 1 }).increment("toString").append("hasOwnProperty", 1);
      await metadata.flush();
      expect(metadata.current()).toEqual({ constructor: { a: 1 }, toString: 1, hasOwnProperty: [1] });
      expect(run.stats().pending).toBe(0);
    });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("R1 keys that are no text, and steps that are no finite number, are refused", async () => {
    for (const write of [
      () => metadata.set(1 as never, 1),
      () => metadata.set(null as never, 1),
      () => metadata.increment("n", Number.NaN),
      () => metadata.increment("n", "1" as never),
      () => metadata.decrement("n", 1n as never),
      () => metadata.parent.increment("n", Number.POSITIVE_INFINITY),
      () => metadata.append("list", undefined),
      () => metadata.save([] as never),
      () => metadata.save("x" as never),
      () => metadata.save(null as never),
      () => metadata.set("$.", 1),
      () => metadata.set("$.list.name", 1),
    ]) {
      await expectUnchanged(write, { name: "MetadataValueError" });
    }
  });
});

describe("the error of a wrong argument", () => {
  it.each([
    ["$.n", "got a string", () => metadata.increment("n", "2" as never)],
    ["$.n", "got NaN", () => metadata.decrement("n", Number.NaN)],
    ["$.n", "got an object", () => metadata.increment("n", Object.create(null) as never)],
    ['$["a b"]', "got undefined", () => metadata.append("a b", undefined)],
    ["$.list[0]", "got a bigint", () => metadata.parent.increment("$.list[0]", 1n as never)],
    ["$", "got undefined", () => metadata.save(undefined as never)],
    ["$", "got an array", () => metadata.parent.update([])],
    ["$.bar", "got -1", () => metadata.progress(-1, { key: "bar" })],
    ["$.progress", "got a string", () => metadata.progress(2).advance("1" as never)],
  ])("names the path %s and says %s", async (path, problem, write) => {
    await withRun({ target: memoryTarget() }, () => {
      expect(write).toThrow(expect.objectContaining({ name: "MetadataValueError", path }));
      expect(write).toThrow(problem);
    });
  });
});

describe("copies", () => {
  it("R6 I4 what was given and what was read is the caller's: neither changes the document or a request", async () => {
    const target = memoryTarget();
    await withRun({ target }, async () => {
      const given = { list: [{ n: 1 }] };
      metadata.set("a", given).append("b", given).set("$.c.d", given);
      given.list[0]!.n = 99;
      given.list.push({ n: 100 });
      for (const read of [metadata.get("a"), metadata.get("b"), metadata.get("$.c.d"), metadata.current()]) {
        read.a = { broken: true };
        if (read.list !== undefined) read.list.length = 0;
      }
      (metadata.current()!.c as { d: unknown }).d = 5;
      await metadata.flush();
      const expected = { a: { list: [{ n: 1 }] }, b: [{ list: [{ n: 1 }] }], c: { d: { list: [{ n: 1 }] } } };
      expect(metadata.current()).toEqual(expected);
      expect(target.document()).toEqual(expected);
    });
  });

  it("I4 an appended object that is changed by a path later is sent as it was, and then changed", async () => {
    const target = memoryTarget();
    await withRun({ target }, async () => {
      metadata
        .append("list", { n: 1 })
        .increment("$.list[0].n")
        .append("list", { n: 5 })
        .set("$.list[1].m", [1]);
      metadata.append("$.list[1].m", 2).set("$.a.b", { c: [] }).append("$.a.b.c", 1).append("$.a.b.c", 2);
      const read = metadata.current();
      await metadata.flush();
      expect(target.document()).toEqual(read);
      expect(read).toEqual({ list: [{ n: 2 }, { n: 5, m: [1, 2] }], a: { b: { c: [1, 2] } } });
    });
  });

  it("R4 a toJSON that writes metadata itself is no trouble", async () => {
    await withRun({ target: memoryTarget() }, async () => {
      metadata.set("outer", {
        toJSON() {
          metadata.set("inner", [1, 2, 3]);
          return "x";
        },
      });
      expect(metadata.current()).toEqual({ inner: [1, 2, 3], outer: "x" });
      expect(currentRun()?.stats().accepted).toBe(2);
    });
  });
});
