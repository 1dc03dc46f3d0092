import {
  accepted,
  brokenBody,
  hangs,
  lostReply,
  networkFault,
  type Reply,
  redirect,
  scriptedEndpoint,
  slow,
  status,
  tooLarge,
} from "@runmeta/testing";
import { describe, expect, it } from "vitest";
import { configure, metadata, runTarget, withRun } from "../../src/index.ts";
import type { Operation } from "../../src/protocol/index.ts";
import { openScripted, watch } from "../flush/scripted-run.ts";

/** A server that answers 413 for every batch that writes one of these keys, whatever else it holds. */
function refuses(...bad: readonly string[]): Reply {
  return (call) => {
    const body = JSON.parse(call.text) as Record<string, { key?: string }[]>;
    const keys = Object.values(body).flatMap((list) => list.map((operation) => operation.key));
    return keys.some((key) => bad.includes(key ?? "")) ? tooLarge()(call) : accepted()(call);
  };
}

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

describe("a reply that is lost after the server applied", () => {
  it("F4 is sent again with the same key, and applied once by a server that deduplicates", async () => {
    const { store, clock, stored, keys, flusher } = openScripted([accepted(), lostReply(), lostReply()]);
    for (let round = 1; round <= 3; round += 1) {
      store.increment("n", 1);
      store.append("list", round);
      await clock.advance(5_000);
    }
    expect(stored()).toEqual({ n: 3, list: [1, 2, 3] });
    expect(store.current()).toEqual({ n: 3, list: [1, 2, 3] });
    expect(keys()).toHaveLength(5);
    expect(flusher.stats()).toMatchObject({ acknowledged: 6, pending: 0, retries: 2 });
  });

  it("F4 without deduplication the document is read first: applied already, so it is not sent again", async () => {
    const { store, clock, stored, keys, drops } = openScripted([lostReply()], { deduplicates: false });
    store.increment("n", 1);
    await clock.advance(5_000);
    expect(keys()).toHaveLength(1);
    expect(stored()).toEqual({ n: 1 });
    expect(store.current()).toEqual({ n: 1 });
    expect(drops).toEqual([]);
  });

  it("F4 without deduplication the document is read first: not applied, so it is sent again", async () => {
    const { store, clock, stored, keys } = openScripted([networkFault("ECONNRESET")], {
      deduplicates: false,
    });
    store.increment("n", 1);
    await clock.advance(5_000);
    expect(keys()).toHaveLength(2);
    expect(stored()).toEqual({ n: 1 });
  });

  it("F4 without deduplication and with a change by others it is ambiguous: named, not repeated; the rest goes through", async () => {
    const others: Reply = (call) => {
      call.apply();
      call.apply();
      return lostReply()(call);
    };
    const { store, flusher, clock, stored, drops, warnings } = openScripted([others], {
      deduplicates: false,
      document: { n: 5 },
    });
    store.increment("n", 1);
    store.set("step", "two");
    const flushed = watch(flusher.flush());
    await clock.advance(5_000);
    expect(stored()).toEqual({ n: 8, step: "two" });
    expect(store.current()).toEqual({ n: 8, step: "two" });
    expect(drops).toMatchObject([{ reason: "ambiguous", count: 1, keys: ["n"], target: "self" }]);
    expect(warnings.map((warning) => warning.code)).toEqual(["DROPPED"]);
    expect(flushed).toMatchObject({ state: "rejected", error: { name: "MetadataFlushError" } });
    expect(flusher.stats()).toMatchObject({ accepted: 2, acknowledged: 1, dropped: 1, pending: 0 });
  });

  it("F4 a batch that can be repeated without harm is repeated without reading", async () => {
    const { store, clock, endpoint, stored } = openScripted([lostReply()], { deduplicates: false });
    store.set("a", 1);
    store.del("b");
    await clock.advance(5_000);
    expect(endpoint.requests.map((request) => request.method)).toEqual(["PUT", "PUT"]);
    expect(stored()).toEqual({ a: 1 });
  });

  it("F4 refresh() between the lost reply and its repetition neither counts twice here nor there", async () => {
    for (const deduplicates of [true, false]) {
      const { store, flusher, clock, stored } = openScripted([lostReply()], { deduplicates });
      store.increment("n", 1);
      await clock.advance(300);
      expect(flusher.state).toBe("stalled");
      const refreshed = watch(flusher.refresh());
      await clock.advance(5_000);
      expect(refreshed.state).toBe("resolved");
      expect(store.current()).toEqual({ n: 1 });
      expect(stored()).toEqual({ n: 1 });
    }
  });
});

describe("an endpoint that refuses", () => {
  it.each([400, 403, 404, 413, 422])(
    "F6 %i is definitive: held, tried once more with flush(), then dropped by name",
    async (code) => {
      const { store, flusher, clock, drops, keys, warnings } = openScripted([], { otherwise: status(code) });
      store.set("a", 1);
      await clock.advance(60_000);
      expect(keys()).toHaveLength(1);
      expect(flusher.state).toBe("held");
      expect(warnings.map((warning) => warning.code)).toEqual(["REFUSED"]);
      const flushed = watch(flusher.flush());
      await clock.advance(0);
      expect(flushed).toMatchObject({ state: "rejected", error: { name: "MetadataFlushError" } });
      expect(new Set(keys()).size).toBe(2);
      expect(drops).toMatchObject([{ reason: "refused", count: 1, keys: ["a"] }]);
      expect(flusher.stats()).toMatchObject({ accepted: 1, dropped: 1, pending: 0 });
      expect(store.current()).toEqual({});
    },
  );

  it("F6 I5 a later delete makes a refused batch fit: merged, sent under a new key, nothing lost", async () => {
    const { store, clock, stored, keys, drops, flusher } = openScripted([], { maximumSize: 60 });
    store.set("big", "x".repeat(80));
    store.set("small", 1);
    await clock.advance(1_000);
    expect(flusher.state).toBe("held");
    store.del("big");
    await clock.advance(1_000);
    expect(stored()).toEqual({ small: 1 });
    expect(new Set(keys()).size).toBe(2);
    expect(drops).toEqual([]);
    expect(flusher.stats()).toMatchObject({ accepted: 3, acknowledged: 3, pending: 0 });
  });

  it("F6 I5 one bad operation never blocks the others: it is split off, dropped and named", async () => {
    const { store, flusher, clock, stored, drops } = openScripted([], { otherwise: refuses("bad", "worse") });
    for (const key of ["a", "b", "bad", "c", "d", "worse", "e"]) store.set(key, key);
    store.increment("a1", 1);
    store.increment("a1", 1);
    const flushed = watch(flusher.flush());
    await clock.advance(1_000);
    expect(stored()).toEqual({ a: "a", b: "b", c: "c", d: "d", e: "e", a1: 2 });
    expect(drops.flatMap((drop) => drop.keys)).toEqual(["bad", "worse"]);
    expect(flushed.state).toBe("rejected");
    expect(flusher.stats()).toMatchObject({ accepted: 9, acknowledged: 7, dropped: 2, pending: 0 });
    expect(store.current()).toEqual(stored());
  });

  it("F6 I5 a refused parent operation leaves the run's own and the root's alone", async () => {
    const { run, flusher, clock, stored, drops } = openScripted([], {
      otherwise: refuses("bad"),
      parentId: "run_parent",
      rootId: "run_root",
    });
    run.scope.store.set("a", 1);
    run.scope.parent.set("bad", 1);
    run.scope.parent.set("good", 1);
    run.scope.root.increment("n", 1);
    const flushed = watch(flusher.flush());
    await clock.advance(1_000);
    expect(stored()).toMatchObject({ a: 1 });
    expect(drops).toMatchObject([{ reason: "refused", count: 1, keys: ["bad"], target: "parent" }]);
    expect(flusher.stats()).toMatchObject({ accepted: 4, acknowledged: 3, dropped: 1 });
    expect(flushed.state).toBe("rejected");
  });

  it("F6 401 pauses: said once, no request for minutes, flush() rejects at once, new credentials resume", async () => {
    let credentials = "old";
    const { store, flusher, clock, stored, warnings, keys } = openScripted([], {
      otherwise: (call) => (credentials === "old" ? status(401)(call) : accepted()(call)),
      credentials: () => credentials,
    });
    store.increment("n", 1);
    await clock.advance(600_000);
    expect(keys()).toHaveLength(1);
    expect(flusher.state).toBe("paused");
    const flushed = watch(flusher.flush());
    await clock.advance(0);
    expect(flushed.state).toBe("rejected");
    store.increment("n", 1);
    credentials = "new";
    await clock.advance(3_000);
    expect(stored()).toEqual({ n: 2 });
    expect(new Set(keys()).size).toBe(2);
    expect(warnings.map((warning) => warning.code)).toEqual(["UNAUTHORIZED"]);
  });

  it("F6 401 at the end of a run does not hold it up, and a new key delivers what is left", async () => {
    let valid = false;
    const endpoint = scriptedEndpoint([], { otherwise: (call) => (valid ? accepted() : status(401))(call) });
    const first = { baseURL: endpoint.baseURL, accessToken: "tr_dev_old", fetch: endpoint.fetch };
    configure(first);
    try {
      const warnings: string[] = [];
      await withRun(
        {
          id: "run_late",
          target: runTarget(),
          // Longer than the test may take: a drain that is waited for is seen.
          flush: { drainTimeoutMs: 300_000 },
          onWarning: (w) => warnings.push(w.code),
        },
        async () => {
          metadata.set("a", 1);
        },
      );
      expect(warnings).toEqual(["UNAUTHORIZED", "NOT_DRAINED"]);
      valid = true;
      configure({ ...first, accessToken: "tr_dev_new" });
      await expect.poll(() => endpoint.document("run_late")).toEqual({ a: 1 });
    } finally {
      configure({});
    }
  });

  it("F6 a batch that is refused only after its run has closed is not kept for ever", async () => {
    const { run, store, clock, flusher, drops } = openScripted([status(503, { retryAfter: "10" })], {
      otherwise: status(422),
    });
    store.set("a", 1);
    const closed = watch(run.close());
    await clock.advance(5_000);
    expect(closed.state).toBe("resolved");
    expect(flusher.pending).toBe(true);
    await clock.advance(60_000);
    expect(flusher.pending).toBe(false);
    expect(drops).toMatchObject([{ reason: "refused", keys: ["a"] }]);
    expect(clock.pendingTimers).toEqual([]);
  });

  it("F7 a redirect is a configuration error, 303 included: writes are kept, nothing is followed", async () => {
    for (const code of [301, 302, 303, 307, 308]) {
      const { store, flusher, clock, stored, warnings, endpoint } = openScripted([
        redirect("https://evil.test/x", code),
      ]);
      store.set("a", 1);
      await clock.advance(10_000);
      expect(flusher.state).toBe("paused");
      expect(warnings).toMatchObject([
        { code: "MISCONFIGURED", message: expect.stringContaining("https://evil.test") },
      ]);
      expect(endpoint.requests.every((request) => request.url.startsWith(endpoint.baseURL))).toBe(true);
      const flushed = watch(flusher.flush());
      await clock.advance(10);
      expect(flushed.state).toBe("resolved");
      expect(stored()).toEqual({ a: 1 });
    }
  });
});

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

describe("an instrumented fetch", () => {
  it("F17 that writes metadata about each request starts no recursion", async () => {
    const endpoint = scriptedEndpoint();
    const original = globalThis.fetch;
    let calls = 0;
    globalThis.fetch = ((request: Request) => {
      calls += 1;
      metadata.increment("requests").set("$.last.url", request.url);
      return endpoint.fetch(request);
    }) as typeof fetch;
    configure({ baseURL: endpoint.baseURL, accessToken: endpoint.accessToken });
    try {
      await withRun({ id: "run_traced", target: runTarget() }, async () => {
        metadata.set("a", 1);
        await metadata.flush();
        metadata.set("a", 2);
      });
    } finally {
      globalThis.fetch = original;
      configure({});
    }
    expect(calls).toBe(3);
    expect(endpoint.requests.map((request) => request.method)).toEqual(["GET", "PUT", "PUT"]);
    expect(endpoint.document("run_traced")).toEqual({ a: 2 });
  });
});

describe("what is sent", () => {
  it("F14 I9 every request is one batch of collapsed operations under publisher.sequence", async () => {
    const { store, clock, keys, endpoint } = openScripted();
    for (let i = 0; i < 100; i += 1) {
      store.increment("n", 1);
      store.set("s", i);
      store.append("list", i);
    }
    await clock.advance(1_000);
    store.set("s", "x");
    await clock.advance(1_000);
    const [first, second] = keys();
    expect(first).toMatch(/^[0-9a-f]{32}\.1$/);
    expect(second).toBe(first?.replace(/1$/, "2"));
    const body = endpoint.metadataRequests[0]?.body as { operations: Operation[] };
    expect(body.operations.filter((operation) => operation.type !== "append")).toEqual([
      { type: "increment", key: "n", value: 100 },
      { type: "set", key: "s", value: 99 },
    ]);
  });
});
