import { manualClock } from "@runmeta/testing";
import { describe, expect, it } from "vitest";
import {
  type Clock,
  type Drop,
  memoryTarget,
  metadata,
  type SendResult,
  type Target,
  withRun,
  withRunResult,
} from "../../src/index.ts";

describe("a target that answers at once", () => {
  it("begins the body before `withRun` returns, and needs no timer to end", async () => {
    const clock = manualClock();
    const timers: number[] = [];
    const noting: Clock = {
      now: () => clock.now(),
      wallTime: () => clock.wallTime(),
      setTimer: (callback, delayMs, options) => {
        timers.push(delayMs);
        return clock.setTimer(callback, delayMs, options);
      },
      debounce: (callback, waitMs) => clock.debounce(callback, waitMs),
    };
    const target = memoryTarget({ from: "before" });
    let begun = false;
    const ended = withRunResult({ target, clock: noting }, () => {
      begun = true;
      metadata.set("step", 1).increment("n", 2);
      return metadata.get("from");
    });
    expect(begun).toBe(true);
    expect(await ended).toMatchObject({
      ok: true,
      value: "before",
      flushed: true,
      pending: 0,
      stats: { accepted: 2, acknowledged: 2, requests: 1 },
    });
    expect(target.document()).toEqual({ from: "before", step: 1, n: 2 });
    expect(timers).toEqual([]);
    expect(clock.pendingTimers).toEqual([]);
  });

  it("`flush()` is a barrier there too, and what it stores is what the job goes on with", async () => {
    const target = memoryTarget();
    await withRun({ target }, async () => {
      metadata.append("log", "a");
      await metadata.flush();
      expect(target.document()).toEqual({ log: ["a"] });
      metadata.append("log", "b");
      expect(metadata.current()).toEqual({ log: ["a", "b"] });
    });
    expect(target.document()).toEqual({ log: ["a", "b"] });
  });

  it("I5 may refuse a thousand operations: each is dropped by name, and the stack holds", async () => {
    const drops: Drop[] = [];
    const refused: SendResult = { kind: "refused", status: 400, message: "no" };
    const target: Target = { ...memoryTarget(), send: () => refused };
    const result = await withRunResult(
      { target, maximumSize: 1_000_000, onDrop: (drop) => drops.push(drop), onWarning: () => {} },
      () => {
        for (let index = 0; index < 1_000; index += 1) metadata.set(`key${index}`, index);
      },
    );
    expect(result).toMatchObject({ flushed: true, stats: { accepted: 1_000, dropped: 1_000, pending: 0 } });
    expect(drops).toHaveLength(1_000);
  });

  it("one that throws instead of answering keeps the batch: it goes again unchanged", async () => {
    const clock = manualClock();
    const target = memoryTarget();
    const keys: string[] = [];
    const failing: Target = {
      ...target,
      send(batch, options) {
        keys.push(batch.key);
        if (keys.length === 1) throw new Error("not ready");
        return target.send(batch, options);
      },
    };
    const ended = withRun({ target: failing, clock }, async () => {
      metadata.set("step", 1);
      await metadata.flush();
    });
    await clock.advance(500);
    await ended;
    expect(keys).toEqual([keys[0], keys[0]]);
    expect(target.document()).toEqual({ step: 1 });
  });
});
