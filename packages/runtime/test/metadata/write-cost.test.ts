import { manualClock } from "@runmeta/testing";
import { describe, expect, it, vi } from "vitest";
import { memoryTarget, metadata, withRun } from "../../src/index.ts";

/** Calls of everything that looks at a whole value or document while `body` runs. */
function looksDuring(body: () => void): Record<string, number> {
  const spies = {
    stringify: vi.spyOn(JSON, "stringify"),
    parse: vi.spyOn(JSON, "parse"),
    structuredClone: vi.spyOn(globalThis, "structuredClone"),
    keys: vi.spyOn(Object, "keys"),
    entries: vi.spyOn(Object, "entries"),
    assign: vi.spyOn(Object, "assign"),
  };
  try {
    body();
    const looks: Record<string, number> = {};
    for (const name in spies) looks[name] = spies[name as keyof typeof spies].mock.calls.length;
    return looks;
  } finally {
    for (const spy of Object.values(spies)) spy.mockRestore();
  }
}

const none = { stringify: 0, parse: 0, structuredClone: 0, keys: 0, entries: 0, assign: 0 };

describe("the cost of a write", () => {
  it("R9 10,000 increments on a large document: no clone, comparison or text of the whole, no timer, no clock", async () => {
    const large = Object.fromEntries(
      Array.from({ length: 500 }, (_, i) => [`k${i}`, { list: [i, { a: "x" }] }]),
    );
    const clock = manualClock();
    const now = vi.spyOn(clock, "now");
    const setTimer = vi.spyOn(clock, "setTimer");
    const target = memoryTarget({ ...large, n: 0, list: [], at: { n: 0 } });
    const finished = withRun(
      { target, clock, metadata: { ...large, n: 0, list: [], at: { n: 0 } }, maximumSize: 1_000_000 },
      async () => {
        metadata.increment("n");
        const before = { now: now.mock.calls.length, timers: setTimer.mock.calls.length };
        const looks = looksDuring(() => {
          for (let i = 0; i < 10_000; i += 1) {
            metadata.increment("n").set("step", i).increment("$.at.n");
            if (i % 10 === 0) metadata.append("list", i);
          }
        });
        // What waits is shortened whenever it has doubled, and not once a write.
        expect(looks).toEqual(none);
        expect({ now: now.mock.calls.length, timers: setTimer.mock.calls.length }).toEqual(before);
        expect(metadata.get("n")).toBe(10_001);
      },
    );
    await clock.settle();
    await finished;
    expect(target.document()).toMatchObject({ n: 10_001, step: 9_999, at: { n: 10_000 } });
    expect((target.document().list as unknown[]).length).toBe(1_000);
  });

  it("R9 1,000 sets in one window make one request", async () => {
    const clock = manualClock();
    await withRun({ target: memoryTarget(), clock }, async (run) => {
      for (let i = 0; i < 1_000; i += 1) metadata.set("i", i);
      await clock.advance(1_000);
      expect(run.stats()).toMatchObject({ requests: 1, accepted: 1_000, acknowledged: 1_000, pending: 0 });
    });
  });
});
