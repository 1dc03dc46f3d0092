import { accepted, hangs, lostReply, networkFault, slow, status } from "@runmeta/testing";
import { describe, expect, it } from "vitest";
import { openScripted, watch } from "./scripted-run.ts";

describe("flush() as a barrier", () => {
  it("I7 resolves only when every write before the call is acknowledged", async () => {
    const { store, flusher, clock, stored } = openScripted([slow(1_000)]);
    store.set("a", 1);
    const flushed = watch(flusher.flush());
    await clock.advance(999);
    expect(flushed.state).toBe("pending");
    await clock.advance(1);
    expect(flushed.state).toBe("resolved");
    expect(stored()).toEqual({ a: 1 });
  });

  it("F10 a write during a request is readable at once and sent by exactly one follow-up, and a flush() called then waits for that", async () => {
    const { store, flusher, clock, times } = openScripted([slow(1_000), slow(1_000)]);
    store.set("a", 1);
    const first = watch(flusher.flush());
    await clock.advance(500);
    store.set("b", 2);
    expect(store.get("b")).toBe(2);
    const second = watch(flusher.flush());
    await clock.advance(500);
    expect([first.state, second.state]).toEqual(["resolved", "pending"]);
    await clock.advance(1_000);
    expect(second.state).toBe("resolved");
    expect(times()).toEqual([0, 1_000]);
  });

  it("F10 50 concurrent flush() make at most 2 requests", async () => {
    const { store, flusher, clock, times } = openScripted([slow(100)]);
    store.set("a", 1);
    const flushed = Array.from({ length: 50 }, (_, i) => {
      if (i === 25) store.set("b", 2);
      return watch(flusher.flush());
    });
    await clock.advance(200);
    expect(flushed.every((one) => one.state === "resolved")).toBe(true);
    expect(times().length).toBeLessThanOrEqual(2);
  });

  it("I7 resolves at once when nothing is unsent, without a request", async () => {
    const { flusher, endpoint } = openScripted();
    await flusher.flush();
    expect(endpoint.requests).toEqual([]);
  });

  it("I7 rejects with pending calls when the time is over, and delivery goes on", async () => {
    const { store, flusher, clock, stored } = openScripted([hangs()]);
    store.set("a", 1);
    store.set("b", 1);
    const flushed = watch(flusher.flush({ timeoutMs: 2_000 }));
    await clock.advance(1_999);
    expect(flushed.state).toBe("pending");
    await clock.advance(1);
    expect(flushed).toMatchObject({ state: "rejected", error: { name: "MetadataFlushError", pending: 2 } });
    await clock.advance(20_000);
    expect(stored()).toEqual({ a: 1, b: 1 });
  });

  it("I7 an aborted signal ends the wait with its reason, not the delivery", async () => {
    const { store, flusher, clock, stored } = openScripted([slow(500)]);
    store.set("a", 1);
    const abort = new AbortController();
    const flushed = watch(flusher.flush({ signal: abort.signal }));
    await clock.advance(100);
    abort.abort(new Error("enough"));
    await clock.settle();
    expect(flushed).toMatchObject({ state: "rejected", error: { message: "enough" } });
    await clock.advance(500);
    expect(stored()).toEqual({ a: 1 });
    await expect(flusher.flush({ signal: abort.signal })).rejects.toThrow("enough");
  });

  it("I7 does not wait out a backoff: somebody waits", async () => {
    const { store, flusher, clock, times } = openScripted([
      status(503),
      status(503),
      status(503),
      status(503),
    ]);
    store.set("a", 1);
    await clock.advance(3_000);
    expect(flusher.state).toBe("stalled");
    const before = times().length;
    const flushed = watch(flusher.flush());
    await clock.advance(0);
    expect(times().length).toBe(before + 1);
    await clock.advance(10_000);
    expect(flushed.state).toBe("resolved");
  });
});

describe("requests", () => {
  it("I8 at most one is under way in a run, and 1,000 writes in a window make one", async () => {
    let underWay = 0;
    let most = 0;
    const { run, store, flusher, clock, times } = openScripted([], {
      otherwise: async (call) => {
        most = Math.max(most, (underWay += 1));
        await call.wait(50);
        underWay -= 1;
        return accepted()(call);
      },
    });
    for (let i = 0; i < 1_000; i += 1) store.set(`k${i % 10}`, i);
    await clock.advance(1_000);
    expect(times()).toHaveLength(1);
    for (let i = 0; i < 40; i += 1) {
      store.set("i", i);
      if (i % 3 === 0) watch(flusher.flush());
      if (i % 7 === 0) watch(flusher.refresh());
      await clock.advance(20);
    }
    const closed = watch(run.close());
    await clock.advance(1_000);
    expect(closed.state).toBe("resolved");
    expect(most).toBe(1);
  });

  it("I9 a batch that is sent again is byte-identical and carries the same key, however the document changed", async () => {
    const bodies: string[] = [];
    let failures = 4;
    const { store, clock, keys, stored } = openScripted([], {
      otherwise: (call) => {
        bodies.push(call.text);
        failures -= 1;
        return (failures % 2 === 1 ? lostReply() : failures >= 0 ? networkFault("ECONNRESET") : accepted())(
          call,
        );
      },
    });
    store.set("deep", { list: [1], n: 1 });
    store.append("list", { n: 1 });
    await clock.advance(600);
    while (failures > 0) {
      store.increment("$.deep.n", 1);
      store.append("$.deep.list", 2);
      store.increment("$.list[0].n", 1);
      await clock.advance(1_000);
    }
    await clock.advance(10_000);
    expect(new Set(bodies.slice(0, 4)).size).toBe(1);
    expect(new Set(keys().slice(0, 4)).size).toBe(1);
    expect(stored()).toEqual(store.current());
  });

  it("I8 a burst leaves after one quiet period; writes during a period make it wait for another", async () => {
    const { store, clock, times } = openScripted([], { metadata: { debounceMs: 250, maxWaitMs: 1_000 } });
    for (let i = 0; i < 100; i += 1) store.set(`k${i % 7}`, i);
    await clock.advance(250);
    expect(times()).toEqual([250]);
    store.set("a", 1);
    await clock.advance(200);
    store.set("a", 2);
    await clock.advance(300);
    expect(times()).toEqual([250, 750]);
  });

  it("I8 a batch is split at 1 MB, and the parts arrive in order", async () => {
    const { store, flusher, clock, endpoint, stored } = openScripted([], {
      metadata: { maximumSize: 10_000_000, maxPendingBytes: 10_000_000 },
      maximumSize: 10_000_000,
    });
    for (let i = 0; i < 30; i += 1) store.append("list", String(i).repeat(100_000 / String(i).length));
    const flushed = watch(flusher.flush());
    await clock.advance(100);
    expect(flushed.state).toBe("resolved");
    const sizes = endpoint.metadataRequests.map((request) => JSON.stringify(request.body).length);
    expect(sizes.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...sizes)).toBeLessThan(1_200_000);
    expect(stored()).toEqual(store.current());
    expect(flusher.stats()).toMatchObject({ acknowledged: 30, pending: 0 });
  });
});

describe("the end of a run", () => {
  it("I10 L1 waits for the request under way and sends what was written meanwhile", async () => {
    const { run, store, clock, stored } = openScripted([slow(300), slow(300)]);
    store.set("a", 1);
    await clock.advance(300);
    store.set("b", 2);
    const closed = watch(run.close());
    await clock.advance(700);
    expect(closed.state).toBe("resolved");
    expect(stored()).toEqual({ a: 1, b: 2 });
    expect(clock.pendingTimers).toEqual([]);
  });

  it("I10 L3 takes drainTimeoutMs at most, says what is pending, and delivery goes on afterwards", async () => {
    let down = true;
    const { run, store, clock, stored, warnings, flusher } = openScripted([], {
      metadata: { drainTimeoutMs: 3_000 },
      otherwise: (call) => (down ? status(503) : accepted())(call),
    });
    store.increment("n", 1);
    let result: unknown;
    void Promise.resolve(run.close()).then((closed) => (result = { ...closed, stats: flusher.stats() }));
    await clock.advance(2_999);
    expect(result).toBeUndefined();
    await clock.advance(1);
    expect(result).toMatchObject({
      flushed: false,
      pending: 1,
      stats: { accepted: 1, pending: 1, dropped: 0 },
    });
    expect(warnings.map((warning) => warning.code)).toEqual(["NOT_DRAINED"]);
    down = false;
    await clock.advance(31_000);
    expect(stored()).toEqual({ n: 1 });
    expect(flusher.stats()).toMatchObject({ acknowledged: 1, pending: 0 });
    expect(clock.pendingTimers).toEqual([]);
  });

  it("I10 a hanging endpoint holds it up for drainTimeoutMs, not for the request's deadline", async () => {
    const { run, store, clock } = openScripted([], {
      otherwise: hangs(),
      metadata: { drainTimeoutMs: 1_000 },
    });
    store.set("a", 1);
    const closed = watch(run.close());
    await clock.advance(1_000);
    expect(closed.state).toBe("resolved");
  });

  it("I12 a write after the end is dropped, counted, and warned about once", async () => {
    const { run, store, clock, drops, warnings, stored, flusher } = openScripted();
    store.set("a", 1);
    await Promise.all([run.close(), clock.advance(0)]);
    store.set("b", 2);
    store.increment("n", 1);
    run.scope.parent.append("c", 1);
    expect(drops).toMatchObject([
      { reason: "closed", count: 1, keys: ["b"] },
      { reason: "closed", count: 1, keys: ["n"] },
      { reason: "closed", count: 1, keys: ["c"] },
    ]);
    expect(warnings.map((warning) => warning.code)).toEqual(["WRITE_AFTER_CLOSE"]);
    expect(flusher.stats()).toMatchObject({ accepted: 4, acknowledged: 1, dropped: 3, pending: 0 });
    expect(stored()).toEqual({ a: 1 });
  });

  it("I12 an onDrop that writes metadata, or throws, does no harm", async () => {
    const { run, clock } = openScripted([], {
      metadata: {
        onDrop: () => {
          run.scope.store.increment("drops", 1);
          throw new Error("broken listener");
        },
      },
    });
    await Promise.all([run.close(), clock.advance(0)]);
    expect(() => run.scope.store.set("a", 1)).not.toThrow();
  });
});

describe("the cap of the outbox", () => {
  it("I12 at maxPendingBytes the run's own operations fold into one set a key; the newest parent writes are dropped by name", async () => {
    const { run, store, flusher, clock, stored, drops } = openScripted([], {
      otherwise: networkFault("ECONNREFUSED"),
      metadata: { maxPendingBytes: 16_384, maximumSize: 1_000_000 },
      maximumSize: 1_000_000,
      parentId: "run_parent",
    });
    for (let i = 0; i < 2_000; i += 1) {
      store.append("list", `item ${i}`);
      run.scope.parent.append("log", `line ${i} ${"x".repeat(20)}`);
    }
    await clock.settle();
    expect(flusher.stats().dropped).toBeGreaterThan(0);
    expect(
      drops.every((drop) => drop.reason === "overflow" && drop.target === "parent" && drop.keys[0] === "log"),
    ).toBe(true);
    const { accepted, pending, dropped } = flusher.stats();
    expect(accepted).toBe(4_000);
    expect(pending + dropped).toBe(4_000);
    expect(store.get("list")).toHaveLength(2_000);
    expect(stored()).toEqual({});
  });

  it("I12 what was folded arrives whole, with every call counted", async () => {
    const { store, flusher, clock, stored, endpoint } = openScripted([], {
      metadata: { maxPendingBytes: 16_384, maximumSize: 1_000_000 },
      maximumSize: 1_000_000,
      document: { list: ["old"] },
    });
    for (let i = 0; i < 2_000; i += 1) {
      store.append("list", `item ${i}`);
      if (i === 10) store.set("$.*", ["all"]);
    }
    const flushed = watch(flusher.flush());
    await clock.advance(10);
    expect(flushed.state).toBe("resolved");
    expect(stored()).toEqual(store.current());
    expect(endpoint.metadataRequests).toHaveLength(1);
    expect(flusher.stats()).toMatchObject({ accepted: 2_001, acknowledged: 2_001, pending: 0, dropped: 0 });
  });
});

describe("refresh()", () => {
  it("I6 brings what others wrote and keeps unacknowledged writes on top", async () => {
    const { store, flusher, clock } = openScripted([], { document: { theirs: 1, n: 10 } });
    store.set("mine", 1);
    store.increment("n", 1);
    await Promise.all([flusher.refresh(), clock.settle()]);
    expect(store.current()).toEqual({ theirs: 1, n: 11, mine: 1 });
  });

  it("I8 waits for a request under way, and nothing is sent while the document is read", async () => {
    const { store, flusher, clock, endpoint } = openScripted([slow(500)]);
    store.set("a", 1);
    const flushed = watch(flusher.flush());
    await clock.advance(10);
    const refreshed = watch(flusher.refresh());
    const again = watch(flusher.refresh());
    await clock.advance(480);
    expect(endpoint.requests).toHaveLength(1);
    await clock.advance(50);
    expect([flushed.state, refreshed.state, again.state]).toEqual(["resolved", "resolved", "resolved"]);
    expect(endpoint.requests.map((request) => request.method)).toEqual(["PUT", "GET", "GET"]);
  });

  it("gives up after its time when a batch in doubt gets no answer", async () => {
    const { store, flusher, clock } = openScripted([lostReply()], { otherwise: status(503) });
    store.increment("n", 1);
    await clock.advance(300);
    const refreshed = flusher.refresh({ timeoutMs: 2_000 });
    await clock.advance(2_000);
    await expect(refreshed).resolves.toMatchObject({ kind: "failed" });
    expect(store.current()).toEqual({ n: 1 });
  });
});

describe("mode: replace", () => {
  it("I6 sends whole documents only, and never single operations", async () => {
    const { run, store, clock, stored, endpoint, drops, flusher } = openScripted([status(503)], {
      mode: "replace",
      parentId: "run_parent",
      document: { kept: 1 },
    });
    store.increment("n", 1);
    store.append("list", 1);
    run.scope.parent.set("lost", 1);
    await clock.advance(3_000);
    store.del("kept");
    store.set("$.a.b", 1);
    await clock.advance(3_000);
    expect(stored()).toEqual({ n: 1, list: [1], a: { b: 1 } });
    for (const { body } of endpoint.metadataRequests)
      expect(Object.keys(body as object)).toEqual(["metadata"]);
    expect(drops).toMatchObject([{ reason: "unsupported", target: "parent", keys: ["lost"] }]);
    expect(flusher.stats()).toMatchObject({ accepted: 5, acknowledged: 4, dropped: 1, pending: 0 });
  });
});
