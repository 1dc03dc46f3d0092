import { accepted, lostReply, networkFault, type Reply } from "@runmeta/testing";
import { describe, expect, it } from "vitest";
import { openScripted, watch } from "../flush/scripted-run.ts";

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
