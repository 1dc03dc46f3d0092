import { accepted, lostReply, status, tooLarge } from "@runmeta/testing";
import { describe, expect, it } from "vitest";
import { openScripted, watch } from "../flush/scripted-run.ts";

const gateway = (code: number) => status(code, { body: "<html>", headers: { "content-type": "text/html" } });

describe("a batch that may have been applied", () => {
  it("F4 I9 keeps its key when a gateway refuses the second copy: applied once", async () => {
    const { store, flusher, clock, stored, drops, keys } = openScripted([
      accepted(),
      lostReply(),
      gateway(404),
      gateway(403),
    ]);
    store.increment("n", 1);
    await clock.advance(2_000);
    store.increment("n", 1);
    await clock.advance(10_000);
    const flushed = watch(flusher.flush());
    await clock.advance(10_000);
    expect(flushed.state).toBe("resolved");
    expect(stored()).toEqual({ n: 2 });
    expect(drops).toEqual([]);
    expect(new Set(keys()).size).toBe(2);
  });

  it("F4 keeps its key also when a gateway's error page hid the endpoint before", async () => {
    const { store, flusher, clock, stored, drops } = openScripted([
      accepted(),
      async (call) => {
        call.apply();
        return gateway(502)(call);
      },
      gateway(404),
    ]);
    store.increment("n", 1);
    await clock.advance(2_000);
    store.increment("n", 1);
    await clock.advance(20_000);
    const flushed = watch(flusher.flush());
    await clock.advance(20_000);
    expect(flushed.state).toBe("resolved");
    expect(drops).toEqual([]);
    expect(stored()).toEqual({ n: 2 });
  });

  it("F4 keeps its key when it was the first one, so that only reading told what the endpoint does", async () => {
    const { store, flusher, clock, stored, drops } = openScripted([lostReply(), gateway(404)]);
    store.increment("n", 1);
    await clock.advance(10_000);
    const flushed = watch(flusher.flush());
    await clock.advance(20_000);
    expect(flushed.state).toBe("resolved");
    expect(drops).toEqual([]);
    expect(stored()).toEqual({ n: 1 });
  });

  it("I6 is not read back on top of itself after a 503 of an endpoint that had committed it", async () => {
    const { store, flusher, clock } = openScripted([
      accepted(),
      async (call) => {
        call.apply();
        return status(503, { headers: { "x-runmeta-dedupe": "1" } })(call);
      },
    ]);
    store.increment("n", 1);
    await clock.advance(2_000);
    store.increment("n", 1);
    await clock.advance(600);
    const refreshed = watch(flusher.refresh());
    await clock.advance(1);
    expect(store.get("n")).toBe(2);
    await clock.advance(5_000);
    expect(refreshed.state).toBe("resolved");
    expect(store.get("n")).toBe(2);
  });

  it("I5 stays in front of newer batches that were cut for the spool when it is refused", async () => {
    const { store, flusher, clock, stored, run } = openScripted([tooLarge()]);
    store.set("step", 1);
    const flushed = watch(flusher.flush());
    store.set("step", 2);
    // What a signal handler does that spools.
    expect(flusher.batches()).toHaveLength(2);
    await clock.advance(5_000);
    expect(flushed.state).toBe("resolved");
    const closed = run.close();
    await clock.advance(5_000);
    await closed;
    expect(stored()).toEqual({ step: 2 });
  });
});
