import { expect, test } from "vitest";
import { allProgress, progressOf } from "../../src/progress/progress-of.ts";

test.each([
  [0, 0],
  [0.4, 40],
  [1, 100],
  [1.5, 1.5],
  [40, 40],
  [100, 100],
])("a number under progress is a share up to 1, and per cent above: %d is %d %%", (progress, percent) => {
  expect(progressOf({ progress })?.percent).toBe(percent);
});

test.each([-0.1, 100.1, "0.4", null, true, [0.4]])("%j under progress is none", (progress) => {
  expect(progressOf({ progress })).toBeUndefined();
});

test("an object with done and total is progress under any key; what stands under progress comes first", () => {
  const rows = { done: 1, total: 4 };
  expect(progressOf({ rows })).toMatchObject({ key: "rows", percent: 25, done: 1, total: 4 });
  expect(allProgress({ rows, progress: 0.5, pages: { done: 9, total: 0 } })).toMatchObject([
    { key: "progress", percent: 50 },
    { key: "rows", percent: 25 },
    { key: "pages", percent: 100 },
  ]);
});
