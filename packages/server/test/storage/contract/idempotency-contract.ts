import { describe, expect, test } from "vitest";
import type { Storage } from "../../../src/storage/storage.ts";
import { newRun } from "../new-run.ts";
import { dueIn } from "./due-in.ts";

/** Keys that find what was triggered before. */
export function idempotencyContract(storage: () => Storage): void {
  describe("idempotency", () => {
    test("a key finds its run until the run fails or the key expires", async () => {
      const run = newRun({ idempotencyKey: "once" });
      const short = newRun({ idempotencyKey: "short", idempotencyKeyExpiresAt: dueIn(-1) });
      await storage().insertRuns([run, short]);
      const find = async (key: string, task = "import", environment = "env") =>
        (await storage().findRunByIdempotencyKey(environment, task, key))?.id;
      expect(await find("once")).toBe(run.id);
      expect(await find("once", "other")).toBeUndefined();
      expect(await find("once", "import", "other")).toBeUndefined();
      expect(await find("short")).toBeUndefined();
      await storage().transitionRun({ id: run.id, from: ["QUEUED"], change: { status: "FAILED" } });
      expect(await find("once")).toBeUndefined();
    });

    test("two triggers with one key at once make one run; a freed key can be used again", async () => {
      const trigger = (key: string, expiresAt?: Date) =>
        storage().insertRuns([newRun({ idempotencyKey: key, idempotencyKeyExpiresAt: expiresAt })]);
      const rows = (await Promise.all([trigger("race"), trigger("race"), trigger("race")])).flat();
      expect(rows).toHaveLength(1);
      await storage().transitionRun({
        id: rows[0]?.id ?? "",
        from: ["QUEUED"],
        change: { status: "FAILED" },
      });
      expect(await trigger("race")).toHaveLength(1);
      expect(await trigger("gone", dueIn(-1))).toHaveLength(1);
      expect(await trigger("gone", dueIn(60_000))).toHaveLength(1);
      expect(await trigger("gone", dueIn(60_000))).toHaveLength(0);
    });

    test("a request key finds what that request triggered", async () => {
      const run = newRun({ requestKey: "uuid" });
      await storage().insertRuns([run]);
      expect((await storage().findRunByRequestKey("env", "import", "uuid"))?.id).toBe(run.id);
      expect(await storage().findRunByRequestKey("env", "other", "uuid")).toBeUndefined();
    });
  });
}
