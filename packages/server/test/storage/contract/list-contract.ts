import { beforeAll, describe, expect, test } from "vitest";
import type { Storage } from "../../../src/storage/storage.ts";
import { newRun } from "../new-run.ts";
import { dueIn } from "./due-in.ts";
import { ids } from "./ids.ts";

/** Lists of runs. */
export function listContract(storage: () => Storage): void {
  describe("lists", () => {
    const environment = "lists";
    const runs = Array.from({ length: 7 }, (_, index) =>
      newRun({
        environment,
        task: index % 2 ? "odd" : "even",
        tags: [`t${index}`, "all"],
        queue: `q${index}`,
        batchId: index < 2 ? "b" : undefined,
        rootId: index > 4 ? "run_r" : undefined,
        parentId: index > 4 ? "run_p" : undefined,
        isTest: index === 3,
      }),
    );
    const newestFirst = ids(runs).reverse();
    beforeAll(async () => {
      await storage().insertRuns(runs);
    });

    test("newest first, also within one call, with cursors in both directions", async () => {
      expect(ids(await storage().listRuns({ environment, limit: 100 }))).toEqual(newestFirst);
      const page = await storage().listRuns({ environment, limit: 3 });
      expect(ids(page)).toEqual(newestFirst.slice(0, 3));
      const next = await storage().listRuns({ environment, limit: 3, after: page[2]?.id });
      expect(ids(next)).toEqual(newestFirst.slice(3, 6));
      expect(ids(await storage().listRuns({ environment, limit: 2, before: next[0]?.id }))).toEqual(
        newestFirst.slice(1, 3),
      );
      expect(await storage().listRuns({ environment, limit: 3, after: "run_unknown" })).toEqual([]);
    });

    test("every filter", async () => {
      const list = async (filter: object) =>
        ids(await storage().listRuns({ environment, limit: 100, ...filter })).sort();
      const expected = (choose: (index: number) => boolean) =>
        ids(runs.filter((_, index) => choose(index))).sort();
      expect(await list({ tasks: ["odd", "none"] })).toEqual(expected((index) => index % 2 === 1));
      expect(await list({ tags: ["t1", "t2"] })).toEqual(expected((index) => index === 1 || index === 2));
      expect(await list({ queues: ["q0"] })).toEqual(expected((index) => index === 0));
      expect(await list({ batchId: "b" })).toEqual(expected((index) => index < 2));
      expect(await list({ rootId: "run_r" })).toEqual(expected((index) => index > 4));
      expect(await list({ isTest: true })).toEqual(expected((index) => index === 3));
      expect(await list({ isTest: false })).toEqual(expected((index) => index !== 3));
      expect(await list({ status: ["QUEUED"] })).toHaveLength(7);
      expect(await list({ status: ["COMPLETED"] })).toEqual([]);
      expect(await list({ from: dueIn(-60_000), to: dueIn(60_000) })).toHaveLength(7);
      expect(await list({ from: dueIn(60_000) })).toEqual([]);
      expect(await list({ to: dueIn(-60_000) })).toEqual([]);
    });

    test("children, the newest of them, oldest first", async () => {
      expect(ids(await storage().childrenOf(environment, "run_p", 1))).toEqual(ids(runs.slice(6)));
      expect(ids(await storage().childrenOf(environment, "run_p", 100))).toEqual(ids(runs.slice(5)));
      expect(await storage().childrenOf("other", "run_p", 100)).toEqual([]);
    });
  });
}
