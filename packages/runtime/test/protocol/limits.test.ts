import { expect, test } from "vitest";
import { formatBatchKey, isRunId, parseBatchKey, resolveMaximumSize } from "../../src/protocol/index.ts";

test("a size limit is read from text, 4,096 when there is none, and nothing when it is no size", () => {
  expect([undefined, "", " "].map(resolveMaximumSize)).toEqual([4096, 4096, 4096]);
  expect(["2", " 262144 ", "100000000"].map(resolveMaximumSize)).toEqual([2, 262_144, 100_000_000]);
  for (const wrong of ["1", "0", "-5", "4kb", "1e6", "4096.5", "Infinity", "9".repeat(16)]) {
    expect(resolveMaximumSize(wrong), wrong).toBeUndefined();
  }
});

test("S4 run ids: run_ and 1 to 64 letters, digits, _ or -", () => {
  expect([`run_${"a".repeat(64)}`, "run_A-9_z"].every(isRunId)).toBe(true);
  const wrong = [
    "run_",
    "../x",
    "run_%00",
    "run_a\n",
    "run_a/b",
    `run_${"a".repeat(65)}`,
    "RUN_a",
    " run_a",
    "x".repeat(10_000),
  ];
  expect(wrong.some(isRunId)).toBe(false);
});

test("I9 a batch key reads back; other keys are foreign", () => {
  const key = { publisher: "p_1-X", sequence: 999_999_999_999_999 };
  expect(parseBatchKey(formatBatchKey(key))).toEqual(key);
  expect(parseBatchKey("p.0")).toEqual({ publisher: "p", sequence: 0 });
  for (const foreign of [
    "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    "p.01",
    "p.-1",
    ".1",
    "p.",
    "p.1.2",
    "p.1\n",
    `${"p".repeat(65)}.1`,
  ]) {
    expect(parseBatchKey(foreign), foreign).toBeUndefined();
  }
});
