import { queue, metadata as runMetadata, task } from "@runmeta/runtime";
import { createWorker, type RunmetaWorker } from "@runmeta/server";
import { batch, runs, tasks } from "@trigger.dev/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onEveryEngine } from "./api.ts";
import { DEV_KEY } from "./keys.ts";

const add = task({
  id: "executed/add",
  run: async ({ a, b }: { a: number; b: number }) => {
    runMetadata.set("inputs", [a, b]);
    return { sum: a + b, at: new Date(0) };
  },
});

const sum = task({
  id: "executed/sum",
  run: async (numbers: readonly number[]) => {
    let total = 0;
    for (const number of numbers) {
      total = (await add.triggerAndWait({ a: total, b: number }).unwrap()).sum;
      runMetadata.set("total", total);
    }
    return total;
  },
});

const steps = task({
  id: "executed/steps",
  run: async (count: number) => {
    for (let step = 1; step <= count; step++) {
      runMetadata.set("step", step).append("log", `step ${step}`);
      await runMetadata.flush();
    }
  },
});

const broken = task({
  id: "executed/broken",
  run: () => {
    throw new TypeError("no such thing");
  },
});

/** Runs until it is told to stop. */
const endless = task({
  id: "executed/endless",
  run: (_: undefined, { signal }) =>
    new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true })),
});

const paused = task({
  id: "executed/paused",
  queue: queue({ name: "executed/paused", concurrencyLimit: 0 }),
  run: () => undefined,
});

onEveryEngine((api) => {
  describe("runs that the engine executes, seen by the official client", () => {
    let worker: RunmetaWorker | undefined;
    beforeAll(async () => {
      if (api.queue === undefined) return;
      worker = await createWorker({
        ...api.queue,
        apiUrl: api.url,
        secretKey: DEV_KEY,
        heartbeatMs: 200,
        onError: (error) => api.errors.push(error),
      });
    });
    afterAll(() => worker?.close({ timeoutMs: 0 }));

    const ended = (id: string) => runs.poll(id, { pollIntervalMs: 50 });

    test("an output is decoded, and the run says what it went through", async () => {
      const { id } = await tasks.trigger(add.id, { a: 1, b: 2 }, { tags: ["t"] });
      const run = await ended(id);
      expect(run).toMatchObject({
        status: "COMPLETED",
        isSuccess: true,
        attemptCount: 1,
        output: { sum: 3, at: "1970-01-01T00:00:00.000Z" },
        metadata: { inputs: [1, 2] },
        tags: ["t"],
      });
      for (const at of [run.startedAt, run.finishedAt]) expect(at).toBeInstanceOf(Date);
    });

    test("a run that waits for others: children know their parent, and it goes on with what they gave", async () => {
      const { id } = await tasks.trigger(sum.id, [1, 2, 3]);
      const run = await ended(id);
      expect(run).toMatchObject({ status: "COMPLETED", output: 6, metadata: { total: 6 } });
      expect(run.relatedRuns.children).toHaveLength(3);
      const child = await runs.retrieve(run.relatedRuns.children?.[0]?.id ?? "");
      expect(child).toMatchObject({ depth: 1, status: "COMPLETED", triggerFunction: "triggerAndWait" });
      expect(child.relatedRuns.parent?.id).toBe(id);
    });

    test("a failure says why, and there is no output", async () => {
      const { id } = await tasks.trigger(broken.id, undefined, { maxAttempts: 1 });
      const run = await ended(id);
      expect(run).toMatchObject({ status: "FAILED", attemptCount: 1, error: { name: "TypeError" } });
      expect(run.error?.message).toBe("no such thing");
      expect(run.output).toBeUndefined();
    });

    test("a subscription never steps back, and ends with the run", async () => {
      const { id } = await tasks.trigger(steps.id, 5);
      const seen: number[] = [];
      let last: unknown;
      for await (const run of runs.subscribeToRun(id)) {
        seen.push((run.metadata?.step as number | undefined) ?? 0);
        last = run;
      }
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      expect(last).toMatchObject({
        status: "COMPLETED",
        metadata: { step: 5, log: [1, 2, 3, 4, 5].map((step) => `step ${step}`) },
      });
    });

    test("a batch of several tasks is COMPLETED when all of them have ended", async () => {
      const { batchId } = await batch.trigger([
        { id: add.id, payload: { a: 1, b: 1 } },
        { id: steps.id, payload: 1 },
        { id: add.id, payload: { a: 2, b: 2 } },
      ]);
      const { runs: ids } = await batch.retrieve(batchId);
      const outputs = await Promise.all(ids.map(async (id) => (await ended(id)).output));
      expect(outputs).toMatchObject([{ sum: 2 }, undefined, { sum: 4 }]);
      expect((await batch.retrieve(batchId)).status).toBe("COMPLETED");
    });

    test("runs.cancel stops one that executes, and one that waits never begins", async () => {
      const { id } = await tasks.trigger(endless.id, undefined);
      for await (const run of runs.subscribeToRun(id)) {
        if (run.status === "EXECUTING") await runs.cancel(id);
      }
      expect((await runs.retrieve(id)).status).toBe("CANCELED");
      const waiting = await tasks.trigger(paused.id, undefined, { delay: "1h" });
      await runs.cancel(waiting.id);
      expect(await ended(waiting.id)).toMatchObject({ status: "CANCELED", attemptCount: 0 });
    });

    test("a delayed run begins when it is due; one that waits longer than its ttl is EXPIRED", async () => {
      const delay = new Date(Date.now() + 500);
      const later = await tasks.trigger(add.id, { a: 1, b: 1 }, { delay });
      const late = await tasks.trigger(paused.id, undefined, { ttl: 1 });
      const run = await ended(later.id);
      expect(run.status).toBe("COMPLETED");
      expect(run.startedAt?.getTime()).toBeGreaterThanOrEqual(delay.getTime());
      for await (const seen of runs.subscribeToRun(late.id)) {
        if (seen.status === "EXPIRED") expect(seen.isCompleted).toBe(true);
      }
      expect(await runs.retrieve(late.id)).toMatchObject({ status: "EXPIRED", attemptCount: 0 });
    });
  });
});
