import { describe, expect, test } from "vitest";
import { manualClock } from "../src/index.ts";

describe("manualClock", () => {
  test("fires timers in order of due time, each at its own time", async () => {
    const clock = manualClock();
    const fired: [string, number][] = [];
    clock.setTimer(() => fired.push(["late", clock.now()]), 300);
    clock.setTimer(() => fired.push(["early", clock.now()]), 100);
    clock.setTimer(() => fired.push(["early too", clock.now()]), 100);
    await clock.advance(250);
    expect(fired).toEqual([
      ["early", 100],
      ["early too", 100],
    ]);
    expect(clock.now()).toBe(250);
    await clock.advance(50);
    expect(fired.at(-1)).toEqual(["late", 300]);
  });

  test("lets promises go on between two timers, so that what they arm fires in order", async () => {
    const clock = manualClock();
    const fired: [string, number][] = [];
    clock.setTimer(() => {
      void new Response("x").text().then(() => {
        clock.setTimer(() => fired.push(["armed on the way", clock.now()]), 10);
      });
    }, 100);
    clock.setTimer(() => fired.push(["second", clock.now()]), 500);
    await clock.advance(1_000);
    expect(fired).toEqual([
      ["armed on the way", 110],
      ["second", 500],
    ]);
  });

  test("sees timers that pending promises arm before time moves", async () => {
    const clock = manualClock();
    let fired = 0;
    void new Response("x").text().then(() => clock.setTimer(() => (fired += 1), 5));
    await clock.advance(5);
    expect(fired).toBe(1);
  });

  test("a cancelled timer neither fires nor is pending", async () => {
    const clock = manualClock();
    let fired = 0;
    const timer = clock.setTimer(() => (fired += 1), 10, { keepAlive: true });
    expect(clock.pendingTimers).toEqual([{ at: 10, delayMs: 10, kind: "wait" }]);
    timer.cancel();
    expect(clock.pendingTimers).toEqual([]);
    await clock.advance(20);
    expect(fired).toBe(0);
  });

  test("debounce waits for a pause, and can be cancelled", async () => {
    const clock = manualClock();
    let calls = 0;
    const debounced = clock.debounce(() => (calls += 1), 100);
    debounced();
    await clock.advance(99);
    debounced();
    await clock.advance(99);
    expect(calls).toBe(0);
    await clock.advance(1);
    expect(calls).toBe(1);
    debounced();
    debounced.cancel();
    await clock.advance(1_000);
    expect(calls).toBe(1);
  });

  test("runNext moves to the next timer only", async () => {
    const clock = manualClock({ start: 1_000 });
    const fired: string[] = [];
    clock.setTimer(() => fired.push("a"), 10);
    clock.setTimer(() => fired.push("b"), 10);
    expect(await clock.runNext()).toBe(true);
    expect(fired).toEqual(["a"]);
    expect(await clock.runNext()).toBe(true);
    expect(await clock.runNext()).toBe(false);
    expect(clock.now()).toBe(1_010);
  });

  test("F15 the wall clock jumps, and neither intervals nor timers notice", async () => {
    const clock = manualClock({ wallTime: Date.UTC(2026, 5, 1) });
    let fired = 0;
    clock.setTimer(() => (fired += 1), 1_000);
    clock.jumpWallTime(-3_600_000);
    expect(clock.wallTime()).toBe(Date.UTC(2026, 5, 1) - 3_600_000);
    expect(clock.now()).toBe(0);
    await clock.advance(1_000);
    expect(fired).toBe(1);
    expect(clock.wallTime()).toBe(Date.UTC(2026, 5, 1) - 3_599_000);
  });

  test("does not move back, and not twice at once", async () => {
    const clock = manualClock();
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
    const first = clock.advance(10);
    await expect(clock.advance(10)).rejects.toThrow("being moved already");
    await first;
    await clock.advance(10);
    expect(clock.now()).toBe(20);
  });

  test("two clocks know nothing of each other", async () => {
    const left = manualClock();
    const right = manualClock();
    let fired = 0;
    right.setTimer(() => (fired += 1), 10);
    await left.advance(1_000);
    expect([fired, right.now()]).toEqual([0, 0]);
  });
});
