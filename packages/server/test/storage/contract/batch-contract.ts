import { describe, expect, test } from "vitest";
import type { Storage } from "../../../src/storage/storage.ts";

/** Batches and their items. */
export function batchContract(storage: () => Storage): void {
  describe("batches", () => {
    const newBatch = (id: string, changes: object = {}) => ({
      id,
      environment: "env",
      runCount: 3,
      resumeParentOnCompletion: false,
      ...changes,
    });

    test("seals when all items are in; an item that comes again keeps its first run", async () => {
      const batch = await storage().insertBatch(newBatch("batch_a", { parentId: "run_p" }));
      expect(batch).toMatchObject({ id: "batch_a", runCount: 3, parentId: "run_p", sealed: false });
      const partly = await storage().addBatchItems("batch_a", [
        { index: 2, runId: "run_2" },
        { index: 0, runId: "run_0" },
      ]);
      expect(partly.sealed).toBe(false);
      const full = await storage().addBatchItems("batch_a", [
        { index: 0, runId: "run_other" },
        { index: 1, runId: "run_1" },
      ]);
      expect(full.sealed).toBe(true);
      expect([...full.items]).toEqual([
        [0, "run_0"],
        [1, "run_1"],
        [2, "run_2"],
      ]);
      expect(await storage().findBatch("env", "batch_a")).toEqual(full);
      expect(await storage().findBatch("other", "batch_a")).toBeUndefined();
    });

    test("items that come at once seal the batch", async () => {
      await storage().insertBatch(newBatch("batch_b"));
      await Promise.all(
        [0, 1, 2].map((index) => storage().addBatchItems("batch_b", [{ index, runId: `run_${index}` }])),
      );
      expect((await storage().findBatch("env", "batch_b"))?.sealed).toBe(true);
    });

    test("an idempotency key gives the batch that has it", async () => {
      const first = await storage().insertBatch(newBatch("batch_c", { idempotencyKey: "k" }));
      expect(first.idempotencyKey).toBe("k");
      expect((await storage().insertBatch(newBatch("batch_d", { idempotencyKey: "k" }))).id).toBe("batch_c");
      expect(
        (await storage().insertBatch(newBatch("batch_e", { idempotencyKey: "k", environment: "other" }))).id,
      ).toBe("batch_e");
    });
  });
}
