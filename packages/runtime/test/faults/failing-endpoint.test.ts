import { accepted, hangs, networkFault, slow, status } from "@runmeta/testing";
import { describe, expect, it } from "vitest";
import { openScripted, watch } from "../flush/scripted-run.ts";

describe("an endpoint that fails for a while", () => {
  it("F1 10 minutes down, 5,000 writes: nothing lost, backoff 0.5 s to 30 s with jitter, at most 40 attempts", async () => {
    let down = true;
    const { store, flusher, clock, stored, times, keys } = openScripted([], {
      otherwise: (call) => (down ? networkFault("ECONNREFUSED")(call) : accepted()(call)),
    });
    for (let i = 0; i < 5_000; i += 1) {
      store.increment("n", 1);
      store.set("last", i);
      if (i % 100 === 0) store.append("list", i);
      await clock.advance(i % 10 === 0 ? 1_200 : 0);
    }
    expect(clock.now()).toBe(600_000);
    const waits = times()
      .slice(1)
      .map((at, i) => at - times()[i]!);
    expect(waits.length).toBeLessThan(40);
    for (const [i, wait] of waits.entries()) {
      const full = Math.min(30_000, 500 * 2 ** i);
      expect(wait).toBeGreaterThanOrEqual(full * 0.75);
      expect(wait).toBeLessThanOrEqual(full);
    }
    expect(new Set(keys()).size).toBe(1);
    expect(flusher.stats().pendingBytes).toBeLessThan(1_048_576);
    down = false;
    await clock.advance(40_000);
    expect(stored()).toEqual({ n: 5_000, last: 4_999, list: Array.from({ length: 50 }, (_, i) => i * 100) });
    expect(flusher.stats()).toMatchObject({ accepted: 10_050, acknowledged: 10_050, pending: 0, dropped: 0 });
  });

  it.each([
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ECONNRESET",
    "ETIMEDOUT",
    "UND_ERR_SOCKET",
  ])("F2 %s is retried with the same batch", async (code) => {
    const { store, clock, stored, keys } = openScripted([networkFault(code)]);
    store.increment("n", 1);
    await clock.advance(2_000);
    expect(keys()).toHaveLength(2);
    expect(new Set(keys()).size).toBe(1);
    expect(stored()).toEqual({ n: 1 });
  });

  it.each([408, 409, 425, 429, 500, 502, 503, 504])(
    "F2 status %i is retried with the same batch",
    async (code) => {
      const { store, clock, stored, keys, drops } = openScripted([status(code), status(code)]);
      store.append("list", 1);
      await clock.advance(5_000);
      expect(keys()).toHaveLength(3);
      expect(new Set(keys()).size).toBe(1);
      expect(stored()).toEqual({ list: [1] });
      expect(drops).toEqual([]);
    },
  );

  it.each([
    ["3", 3_000, 3_000],
    ["0", 1_000, 1_000],
    ["-1", 1_000, 1_000],
    ["1e9", 300_000, 300_000],
    ["abc", 375, 500],
    [new Date(Date.UTC(2026, 0, 1) + 20_000).toUTCString(), 19_000, 20_000],
    [new Date(0).toUTCString(), 1_000, 1_000],
  ])("F5 429 with Retry-After %s waits as it says, within bounds", async (retryAfter, least, most) => {
    const { store, clock, times } = openScripted([status(429, { retryAfter })]);
    store.set("a", 1);
    await clock.advance(301_000);
    const [first = 0, second = 0] = times();
    expect(second - first).toBeGreaterThanOrEqual(least);
    expect(second - first).toBeLessThanOrEqual(most);
  });

  it("F5 neither flush() nor the end of the run comes before the named time", async () => {
    const { run, store, flusher, clock, times } = openScripted([status(429, { retryAfter: "3" })]);
    store.set("a", 1);
    await clock.advance(250);
    const flushed = watch(flusher.flush());
    const closed = watch(run.close());
    await clock.advance(2_900);
    expect(times()).toEqual([250]);
    await clock.advance(100);
    expect(times()).toEqual([250, 3_250]);
    expect([flushed.state, closed.state]).toEqual(["resolved", "resolved"]);
  });

  it("F8 an endpoint that never answers is given up at the deadline, and tried again", async () => {
    const { store, clock, stored, times } = openScripted([hangs()]);
    store.increment("n", 1);
    await clock.advance(250 + 9_999);
    expect(times()).toEqual([250]);
    await clock.advance(1 + 500);
    expect(times()).toHaveLength(2);
    expect(stored()).toEqual({ n: 1 });
  });

  it("F11 a batch that failed goes first, unchanged, and then what was written meanwhile", async () => {
    const { store, clock, stored, keys, endpoint } = openScripted([slow(100, status(503))]);
    store.set("a", 1);
    store.append("list", "old");
    await clock.advance(800);
    store.set("a", 2);
    store.append("list", "new");
    await clock.advance(3_000);
    const [first, again, newer] = endpoint.metadataRequests;
    expect(again?.body).toEqual(first?.body);
    expect(keys()[0]).toBe(keys()[1]);
    expect(newer?.body).toMatchObject({
      operations: [
        { type: "set", key: "a", value: 2 },
        { type: "append", key: "list", value: "new" },
      ],
    });
    expect(stored()).toEqual({ a: 2, list: ["old", "new"] });
  });

  it("F13 steady writes every 10 ms still make a request at least every maxWaitMs", async () => {
    const { store, clock, times } = openScripted();
    for (let i = 0; i < 500; i += 1) {
      store.set("i", i);
      await clock.advance(10);
    }
    const waits = times().map((at, i) => at - (times()[i - 1] ?? 0));
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_010);
    expect(times().length).toBeLessThanOrEqual(6);
  });

  it("F15 the wall clock jumps an hour back and a year ahead: intervals stay", async () => {
    const { store, clock, times } = openScripted([status(503)]);
    store.set("a", 1);
    await clock.advance(100);
    clock.jumpWallTime(-3_600_000);
    await clock.advance(150);
    expect(times()).toEqual([250]);
    clock.jumpWallTime(366 * 86_400_000);
    await clock.advance(500);
    expect(times()).toHaveLength(2);
    expect(times()[1]! - 250).toBeGreaterThanOrEqual(375);
  });
});
