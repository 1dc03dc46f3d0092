import { task } from "@runmeta/runtime";
import { describe } from "vitest";
import { test } from "../../../src/vitest.ts";

const left = task({ id: "left-behind", run: () => new Promise((resolve) => setTimeout(resolve, 20)) });

test("a run that is never awaited", ({ runTask }) => {
  void runTask(left, undefined);
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
