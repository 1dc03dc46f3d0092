import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Sample } from "../../src/run/history/numeric-series.ts";
import { sparklinePath } from "../../src/run/history/sparkline.ts";
import { paceOf } from "../../src/run/progress/pace.ts";

/** One step of `by` every `everyMs`. */
function steady(steps: number, by: number, everyMs: number): Sample[] {
  return Array.from({ length: steps + 1 }, (_, n) => ({ atMs: n * everyMs, value: n * by }));
}

describe("pace", () => {
  test("of steady work is its pace, however long the steps take", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 3_600_000 }),
        (steps, by, everyMs) => {
          const samples = steady(steps, by, everyMs);
          const pace = paceOf(samples, 2 * steps * by, steps * everyMs);
          expect(pace?.perSecond).toBeCloseTo((by / everyMs) * 1_000);
          expect(pace?.leftMs).toBeCloseTo(steps * everyMs);
        },
      ),
    );
  });

  test("gets slower while nothing happens, and the end goes away", () => {
    const samples = steady(10, 1, 1_000);
    const now = paceOf(samples, 20, 10_000);
    const later = paceOf(samples, 20, 40_000);
    expect(now).toEqual({ perSecond: 1, leftMs: 10_000 });
    expect(later!.leftMs!).toBeGreaterThan(20_000);
  });

  test("is that of the last half minute", () => {
    const slowThenFast = [...steady(10, 1, 60_000), ...steady(60, 10, 1_000).map(shifted(600_000, 10))];
    expect(paceOf(slowThenFast, 1_000, 660_000)?.perSecond).toBe(10);
  });

  test("starts over with another attempt", () => {
    const again = [...steady(10, 10, 1_000), { atMs: 11_000, value: 0 }];
    expect(paceOf(again, 100, 12_000)).toBeUndefined();
    expect(paceOf([...again, { atMs: 13_000, value: 4 }], 100, 13_000)).toEqual({
      perSecond: 2,
      leftMs: 48_000,
    });
  });

  test("has no end where it does not move, and none left at the goal", () => {
    expect(paceOf([], 10, 1_000)).toBeUndefined();
    expect(paceOf([{ atMs: 0, value: 1 }], 10, 1_000)).toBeUndefined();
    expect(paceOf(steady(4, 0, 1_000), 10, 4_000)).toEqual({ perSecond: 0, leftMs: undefined });
    expect(paceOf(steady(4, 1, 1_000), 4, 4_000)?.leftMs).toBe(0);
  });
});

describe("sparkline", () => {
  const frame = { fromMs: 0, toMs: 100, width: 100, height: 10 };

  test("holds a value until the next one, from the lowest to the highest", () => {
    const path = sparklinePath(
      [
        { atMs: 0, value: 0 },
        { atMs: 50, value: 5 },
        { atMs: 80, value: 10 },
      ],
      frame,
    );
    expect(path).toBe("M0 10H50V5H80V0H100");
  });

  test("has no line where there was no number", () => {
    const path = sparklinePath(
      [
        { atMs: 10, value: 1 },
        { atMs: 20, value: undefined },
        { atMs: 60, value: 1 },
      ],
      frame,
    );
    expect(path).toBe("M10 5H20M60 5H100");
  });

  test("is no longer than the picture is wide, and ends where the number is", () => {
    const samples = Array.from({ length: 100_000 }, (_, n) => ({ atMs: n / 1_000, value: n }));
    const path = sparklinePath(samples, frame);
    expect(path.length).toBeLessThan(3_000);
    expect(path.endsWith("V0H100")).toBe(true);
  });
});

function shifted(byMs: number, by: number) {
  return ({ atMs, value }: Sample): Sample => ({ atMs: atMs + byMs, value: (value ?? 0) + by });
}
