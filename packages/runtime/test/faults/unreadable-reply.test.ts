import { brokenBody, status } from "@runmeta/testing";
import { describe, expect, it } from "vitest";
import { openScripted, watch } from "../flush/scripted-run.ts";

describe("replies that cannot be read", () => {
  const json = { "content-type": "application/json" };
  const oversized = JSON.stringify({ metadata: { text: "x".repeat(1_100_000) } });
  const nested = `{"metadata":${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}}`;
  it.each([
    ["broken JSON", '{"metadata":'],
    ["null", "null"],
    ["an array", "[1]"],
    ["metadata: null", '{"metadata":null}'],
    ["too long", oversized],
    ["nested 20,000 levels deep", nested],
  ])(
    "F9 200 with %s counts as committed: one warning, document untouched, nothing sent again",
    async (_name, body) => {
      for (const deduplicates of [true, false]) {
        const { store, flusher, clock, keys, warnings } = openScripted(
          [deduplicates ? brokenBody(body) : status(200, { body, headers: json })],
          { deduplicates, otherwise: brokenBody(body) },
        );
        store.set("a", { b: 1 });
        store.increment("n", 1);
        const flushed = watch(flusher.flush());
        await clock.advance(60_000);
        expect(keys()).toHaveLength(1);
        expect(flushed.state).toBe("resolved");
        expect(store.current()).toEqual({ a: { b: 1 }, n: 1 });
        expect(warnings.map((warning) => warning.code)).toEqual(["UNREADABLE_REPLY"]);
        store.increment("n", 1);
        await clock.advance(1_000);
        expect(store.current()).toEqual({ a: { b: 1 }, n: 2 });
        expect(warnings).toHaveLength(1);
      }
    },
  );

  it("F9 200 with a page that is not JSON and lacks our header is a configuration error: operations kept", async () => {
    const page = status(200, {
      body: "<html>Please log in</html>",
      headers: { "content-type": "text/html" },
    });
    const { store, flusher, clock, stored, warnings } = openScripted([page, page]);
    store.increment("n", 1);
    await clock.advance(10_000);
    expect(flusher.state).toBe("paused");
    expect(warnings.map((warning) => warning.code)).toEqual(["MISCONFIGURED"]);
    const refused = watch(flusher.flush());
    await clock.advance(0);
    expect(refused).toMatchObject({
      state: "rejected",
      error: { message: expect.stringContaining("proxy") },
    });
    await Promise.all([flusher.flush(), clock.advance(0)]);
    expect(stored()).toEqual({ n: 1 });
  });

  it("F9 a document with dangerous or deep members changes no prototype and ends no process", async () => {
    const deep = `${'{"a":'.repeat(100)}1${"}".repeat(100)}`;
    for (const metadataText of [
      '{"__proto__":{"polluted":1},"x":1}',
      `{"x":{"__proto__":{"polluted":1}},"deep":${deep}}`,
    ]) {
      const { store, flusher, clock } = openScripted([
        status(200, { body: `{"metadata":${metadataText}}`, headers: { ...json, "x-runmeta-dedupe": "1" } }),
      ]);
      store.set("a", 1);
      await Promise.all([flusher.flush(), clock.advance(0)]);
      expect(Object.keys(store.current())).toContain("x");
      expect((store.current() as { polluted?: unknown }).polluted).toBeUndefined();
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    }
  });

  it("F9 204 and a reply without a body are fine", async () => {
    const { store, flusher, clock, warnings } = openScripted([() => new Response(null, { status: 204 })]);
    store.set("a", 1);
    await Promise.all([flusher.flush(), clock.advance(0)]);
    expect(warnings).toEqual([]);
    expect(store.current()).toEqual({ a: 1 });
  });
});
