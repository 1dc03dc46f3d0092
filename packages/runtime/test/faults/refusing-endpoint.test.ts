import { accepted, type Reply, redirect, scriptedEndpoint, status, tooLarge } from "@runmeta/testing";
import { describe, expect, it } from "vitest";
import { configure, metadata, runTarget, withRun } from "../../src/index.ts";
import { openScripted, watch } from "../flush/scripted-run.ts";

/** A server that answers 413 for every batch that writes one of these keys, whatever else it holds. */
function refuses(...bad: readonly string[]): Reply {
  return (call) => {
    const body = JSON.parse(call.text) as Record<string, { key?: string }[]>;
    const keys = Object.values(body).flatMap((list) => list.map((operation) => operation.key));
    return keys.some((key) => bad.includes(key ?? "")) ? tooLarge()(call) : accepted()(call);
  };
}
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
