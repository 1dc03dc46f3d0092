import { metadata } from "@runmeta/runtime";
import { mockRun } from "../../src/index.ts";
import type { Behaviour } from "./behaviour.ts";

/** Writes to a document, and what is stored afterwards; the code reads the same before it is. */
function writes(name: string, from: object, write: () => void, stored: unknown): Behaviour {
  return {
    name: `a document: ${name}`,
    async observe({ backend }) {
      const run = await mockRun({ backend, metadata: from }, async () => {
        write();
        const read = metadata.current();
        await metadata.flush();
        return [read, metadata.current()];
      });
      return { stored: run.metadata, read: run.result, pending: run.stats.pending };
    },
    expected: { stored, read: [stored, stored], pending: 0 },
  };
}

export const documents: readonly Behaviour[] = [
  writes("set", {}, () => metadata.set("a", 1), { a: 1 }),
  writes("set twice: the last one stands", { a: 0 }, () => metadata.set("a", 1).set("a", 2), { a: 2 }),
  writes("values of every kind", {}, () => metadata.set("v", [null, true, "ä\u0000", { n: 1.5 }]), {
    v: [null, true, "ä\u0000", { n: 1.5 }],
  }),
  writes("a date is its text", {}, () => metadata.set("at", new Date(0)), { at: "1970-01-01T00:00:00.000Z" }),
  writes("no number is null", {}, () => metadata.set("n", Number.NaN), { n: null }),
  writes("set undefined removes", { a: 1, b: 2 }, () => metadata.set("a", undefined), { b: 2 }),
  writes("del", { a: 1, b: 2 }, () => metadata.del("a"), { b: 2 }),
  writes("del of what is not there", { b: 2 }, () => metadata.del("a"), { b: 2 }),
  writes("increment from nothing", {}, () => metadata.increment("n"), { n: 1 }),
  writes("increments add up", { n: 1 }, () => metadata.increment("n", 2).increment("n", 0.5), { n: 3.5 }),
  writes("increment of no number counts from 0", { n: "x" }, () => metadata.increment("n", 2), { n: 2 }),
  writes("increment of digits in a text counts from 0", { n: "5" }, () => metadata.increment("n", 2), {
    n: 2,
  }),
  writes("decrement", { n: 1 }, () => metadata.decrement("n").decrement("n", 3), { n: -3 }),
  writes("append makes a list", {}, () => metadata.append("l", 1).append("l", 2), { l: [1, 2] }),
  writes("append to a scalar keeps it", { l: "old" }, () => metadata.append("l", "new"), {
    l: ["old", "new"],
  }),
  writes("append of a list is one item", { l: [] }, () => metadata.append("l", [1]), { l: [[1]] }),
  writes("remove of a scalar, everywhere", { l: [1, 2, 1] }, () => metadata.remove("l", 1), { l: [2] }),
  writes(
    "remove of an equal object",
    { l: [{ a: 1, b: [2] }, { a: 2 }] },
    () => metadata.remove("l", { b: [2], a: 1 }),
    { l: [{ a: 2 }] },
  ),
  writes("remove from what is no list", { l: 1 }, () => metadata.remove("l", 1), { l: 1 }),
  writes("replace", { a: 1 }, () => metadata.replace({ b: 2 }), { b: 2 }),
  writes("replace, then more", { a: 1 }, () => metadata.replace({ n: 1 }).increment("n"), { n: 2 }),
  writes("a path makes its parents", {}, () => metadata.set("$.a.b.c", 1), { a: { b: { c: 1 } } }),
  writes("a path into a list", { l: [{ n: 1 }] }, () => metadata.set("$.l[0].n", 2), { l: [{ n: 2 }] }),
  writes("increment of a path", { a: { n: 1 } }, () => metadata.increment("$.a.n", 2), { a: { n: 3 } }),
  writes("append to a path", { a: { l: [1] } }, () => metadata.append("$.a.l", 2), { a: { l: [1, 2] } }),
  writes("remove from a path", { a: { l: [1, 2] } }, () => metadata.remove("$.a.l", 1), { a: { l: [2] } }),
  writes("del of a path", { a: { b: 1, c: 2 } }, () => metadata.del("$.a.b"), { a: { c: 2 } }),
  writes("a dotted key is a name", {}, () => metadata.set("a.b", 1), { "a.b": 1 }),
  writes("names that every object inherits", {}, () => metadata.set("constructor", 1).append("toString", 2), {
    constructor: 1,
    toString: [2],
  }),
  writes("progress", {}, () => metadata.progress(4).advance(1), {
    progress: { done: 1, total: 4, percent: 25, ratePerSecond: 0, etaMs: null },
  }),
  {
    name: "a document: what does not fit is refused at the call, and the rest is stored",
    async observe({ backend }) {
      const run = await mockRun({ backend }, () => {
        metadata.set("a", 1);
        try {
          metadata.set("b", "x".repeat(5_000));
        } catch (error) {
          return (error as { code?: string }).code;
        }
        return "accepted";
      });
      return [run.result, run.metadata, run.stats.dropped];
    },
    expected: ["RUNMETA_METADATA_SIZE", { a: 1 }, 0],
  },
  {
    name: "a document: exactly the limit fits",
    async observe({ backend }) {
      const run = await mockRun({ backend }, () => void metadata.set("a", "x".repeat(4_096 - 8)));
      return [JSON.stringify(run.metadata).length, run.drops];
    },
    expected: [4_096, []],
  },
  {
    name: "a document: many writes make one request",
    async observe({ backend }) {
      const run = await mockRun({ backend }, () => {
        for (let index = 0; index < 500; index += 1) metadata.increment("n").set("last", index);
      });
      return [run.metadata, run.stored.length, run.timeline.length, run.stats.accepted];
    },
    expected: [{ n: 500, last: 499 }, 1, 1_000, 1_000],
  },
];
