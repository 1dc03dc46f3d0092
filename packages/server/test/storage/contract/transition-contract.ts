import type { RunStatus } from "@runmeta/runtime/protocol";
import { describe, expect, test } from "vitest";
import type { Storage } from "../../../src/storage/storage.ts";
import { newRun } from "../new-run.ts";

/** Changes of a run's state. */
export function transitionContract(storage: () => Storage): void {
  describe("transitions", () => {
    test("changes what is asked, when the state is as expected", async () => {
      const run = newRun();
      await storage().insertRuns([run]);
      const at = new Date("2026-01-02T03:04:05.678Z");
      const changed = await storage().transitionRun({
        id: run.id,
        environment: "env",
        from: ["QUEUED", "DEQUEUED"],
        attempt: 0,
        change: { status: "EXECUTING", attempt: 1, holder: "me", heartbeatAt: at, startedAt: at },
      });
      expect(changed).toMatchObject({
        status: "EXECUTING",
        attempt: 1,
        holder: "me",
        heartbeatAt: at,
        startedAt: at,
      });
      expect(changed?.updatedAt.getTime()).toBeGreaterThanOrEqual(changed?.createdAt.getTime() ?? 0);
      const done = await storage().transitionRun({
        id: run.id,
        from: ["EXECUTING"],
        attempt: 1,
        heldBy: "me",
        change: {
          status: "COMPLETED",
          finishedAt: at,
          expiredAt: at,
          cancelRequestedAt: at,
          delayUntil: at,
          interruptions: 2,
          holder: null,
          output: { data: '"NUL \\u0000 and raw \0"', dataType: "application/json" },
          error: { name: "E", message: "m\0\ud800" },
          tags: ["new"],
        },
      });
      expect(done).toMatchObject({
        status: "COMPLETED",
        finishedAt: at,
        expiredAt: at,
        cancelRequestedAt: at,
      });
      expect(done).toMatchObject({ delayUntil: at, interruptions: 2, tags: ["new"], holder: undefined });
      expect(done?.output).toEqual({ data: '"NUL \\u0000 and raw \0"', dataType: "application/json" });
      expect(done?.error).toEqual({ name: "E", message: "m\0\ud800" });
      expect(await storage().findRun("env", run.id)).toEqual(done);
    });

    test("changes nothing when status, attempt, holder or environment differ", async () => {
      const run = newRun();
      await storage().insertRuns([run]);
      const change = { status: "COMPLETED" as RunStatus };
      const refused = [
        { id: run.id, from: ["EXECUTING" as RunStatus], change },
        { id: run.id, from: [], change },
        { id: run.id, from: ["QUEUED" as RunStatus], attempt: 1, change },
        { id: run.id, from: ["QUEUED" as RunStatus], heldBy: "me", change },
        { id: run.id, from: ["QUEUED" as RunStatus], environment: "other", change },
        { id: "run_none", from: ["QUEUED" as RunStatus], change },
      ];
      for (const transition of refused) expect(await storage().transitionRun(transition)).toBeUndefined();
      expect((await storage().findRun("env", run.id))?.status).toBe("QUEUED");
    });

    test("of many at once exactly one wins", async () => {
      const run = newRun();
      await storage().insertRuns([run]);
      const start = {
        id: run.id,
        from: ["QUEUED" as RunStatus],
        change: { status: "EXECUTING" as RunStatus },
      };
      const results = await Promise.all(Array.from({ length: 8 }, () => storage().transitionRun(start)));
      expect(results.filter(Boolean)).toHaveLength(1);
    });
  });
}
