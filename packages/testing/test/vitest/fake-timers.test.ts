import { metadata, runs, task, wait } from "@runmeta/runtime";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { lostReply, manualClock, mockRun, runTask, scriptedEndpoint, slow, status } from "../../src/index.ts";

/** What vitest fakes unless told otherwise: everything but `nextTick` and `queueMicrotask`. */
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const child = task({ id: "faked-child", run: (n: number) => void metadata.parent.increment("sum", n) });

const importRows = task({
  id: "faked-import-rows",
  retry: { maxAttempts: 2, minTimeoutInMs: 60_000, randomize: false },
  run: async (rows: number, { ctx }) => {
    metadata.increment("attempts");
    await wait.for({ minutes: 1 });
    if (ctx.attempt.number === 1) throw new Error("the database went away");
    await child.triggerAndWait(rows);
    return rows;
  },
});

describe.each(["memory", "server", "trigger.dev"] as const)(
  "with faked timers, on %s",
  { timeout: 120_000 },
  (backend) => {
    test("a task's waits, retries and requests take no time, and the faked clock does not move", async () => {
      const before = Date.now();
      const endpoint = scriptedEndpoint([status(503), slow(2_000, lostReply())], { backend });
      const run = await runTask(importRows, 2, { endpoint });
      expect(run.status).toBe("COMPLETED");
      expect(run.metadata).toEqual({ attempts: 2, sum: 2 });
      expect(Date.now()).toBe(before);
    });

    test("a manual clock moves a run", async () => {
      const clock = manualClock();
      const waiting = task({ id: "faked-waiting", run: () => wait.for({ hours: 1 }) });
      const running = runTask(waiting, undefined, { backend, clock });
      await clock.advance(3_600_000);
      expect((await running).status).toBe("COMPLETED");
    });

    test("code that waits on a faked timer goes on when the test advances it", async () => {
      let reached: () => void = () => {};
      const waits = new Promise<void>((resolve) => {
        reached = resolve;
      });
      const running = mockRun({ backend }, async ({ id }) => {
        metadata.set("step", 1);
        await metadata.flush();
        await new Promise((resolve) => {
          setTimeout(resolve, 5_000);
          reached();
        });
        metadata.set("step", 2);
        return (await runs.retrieve(id)).metadata;
      });
      await waits;
      await vi.advanceTimersByTimeAsync(5_000);
      const run = await running;
      expect([run.result, run.metadata]).toEqual([{ step: 1 }, { step: 2 }]);
    });
  },
);
