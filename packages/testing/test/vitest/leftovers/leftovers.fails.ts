import { metadata, task, wait } from "@runmeta/runtime";
import { describe } from "vitest";
import { test } from "../../../src/vitest.ts";

const left = task({ id: "left-behind", run: () => new Promise((resolve) => setTimeout(resolve, 20)) });

test("a run that is never awaited", ({ runTask }) => {
  void runTask(left, undefined);
});

test("a wait that nobody awaits", async ({ runTask }) => {
  const waits = task({ id: "waits", run: () => void wait.for({ seconds: 5 }) });
  await runTask(waits, undefined);
});

test("a write after the run", async ({ mockRun }) => {
  let late: Promise<void> | undefined;
  await mockRun({}, () => {
    late = new Promise((resolve) => setTimeout(resolve, 20)).then(() => void metadata.set("late", 1));
  });
  await late;
});

describe("allowed", () => {
  test.override({ leftovers: "allow" });
  test("a run that is never awaited, allowed", ({ runTask }) => {
    void runTask(left, undefined);
  });
});

test("a test that fails by itself", ({ runTask }) => {
  void runTask(left, undefined);
  throw new Error("by itself");
});
