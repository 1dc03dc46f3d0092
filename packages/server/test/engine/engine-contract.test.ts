import { metadata, queue, runs, task } from "@runmeta/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EngineFixture, engines } from "./engine-fixtures.ts";
import { gate, taskId } from "./engine-server.ts";

/** What every engine must do, wherever its runs are executed. */
for (const { name, missing, create } of engines) {
  describe.skipIf(missing !== undefined)(`engine contract: ${name}${missing ? ` (${missing})` : ""}`, () => {
    const tasks = defineTasks();
    let engine: EngineFixture;
    beforeAll(async () => {
      engine = await create(tasks.ids);
    }, 60_000);
    afterAll(async () => {
      await engine?.close();
      expect(engine?.errors).toEqual([]);
    }, 60_000);

    test("executes a triggered run; its metadata and output are read back over the API", async () => {
      const { id } = await tasks.greet.trigger({ name: "Ada" }, { metadata: { from: 1 }, tags: ["t"] });
      const run = await engine.ended(id);
      expect(run).toMatchObject({ status: "COMPLETED", attempt: 1, interruptions: 0 });
      expect((await runs.retrieve(id)).output).toEqual({ text: "hello Ada", tags: ["t"] });
      expect(await engine.document(id)).toEqual({ from: 1, greeted: 1 });
    });

    test("what an earlier run of an idempotency key gave is given again", async () => {
      const first = await tasks.greet.trigger({ name: "Ada" }, { idempotencyKey: "once" });
      const second = await tasks.greet.trigger({ name: "Ada" }, { idempotencyKey: "once" });
      expect(second.id).toBe(first.id);
      expect((await engine.ended(first.id)).attempt).toBe(1);
    });

    test("retries with the document kept, after the task's own pause", async () => {
      const { id } = await tasks.flaky.trigger(undefined);
      const run = await engine.ended(id);
      expect(run).toMatchObject({ status: "COMPLETED", attempt: 3, interruptions: 0 });
      expect(await engine.document(id)).toEqual({ tries: 3 });
      const hopeless = await tasks.flaky.trigger(undefined, { maxAttempts: 2 });
      expect(await engine.ended(hopeless.id)).toMatchObject({ status: "FAILED", attempt: 2 });
    });

    test("a queue's limit holds over all processes, and it begins what has priority", async () => {
      const { limited } = tasks;
      limited.reset();
      const first = await limited.task.trigger("first");
      await engine.reached(first.id, "EXECUTING");
      const later = await limited.task.batchTrigger(
        Array.from({ length: 5 }, (_, index) => ({ payload: `low ${index}` })),
      );
      const urgent = await limited.task.trigger("urgent", { priority: 1_000 });
      await engine.waitForPlaces(6);
      limited.open();
      const ids = [first.id, urgent.id, ...(await batchIds(later.batchId))];
      for (const id of ids) expect((await engine.ended(id)).status).toBe("COMPLETED");
      expect(limited.begun[1]).toBe("urgent");
      expect(limited.most).toBe(1);
    });

    test("each concurrency key has a limit of its own", async () => {
      const { limited } = tasks;
      limited.reset();
      const one = await limited.task.trigger("one", { concurrencyKey: "a" });
      const other = await limited.task.trigger("other", { concurrencyKey: "b" });
      await engine.reached(one.id, "EXECUTING");
      await engine.reached(other.id, "EXECUTING");
      limited.open();
      expect((await engine.ended(one.id)).status).toBe("COMPLETED");
      expect((await engine.ended(other.id)).status).toBe("COMPLETED");
    });

    test("a delayed run begins when it is due; one that waits longer than its ttl never does", async () => {
      const at = Date.now();
      const delayed = await tasks.greet.trigger({ name: "later" }, { delay: new Date(at + 700) });
      const paused = await tasks.paused.trigger(undefined, { ttl: 1 });
      const run = await engine.ended(delayed.id);
      expect(run.status).toBe("COMPLETED");
      expect(run.startedAt?.getTime()).toBeGreaterThanOrEqual(at + 700);
      expect(await engine.ended(paused.id)).toMatchObject({ status: "EXPIRED", attempt: 0 });
    });

    test("a task's own ttl holds for runs that name none", async () => {
      const { id } = await tasks.paused.trigger();
      expect(await engine.find(id)).toMatchObject({ queue: tasks.pausedQueue, ttlText: "2s" });
      expect((await engine.ended(id)).status).toBe("EXPIRED");
    });

    test("L5 a queued run that is cancelled never begins, one that executes is stopped", async () => {
      const { stubborn } = tasks;
      const queued = await tasks.greet.trigger({ name: "nobody" }, { delay: "1h" });
      await runs.cancel(queued.id);
      expect(await engine.ended(queued.id)).toMatchObject({ status: "CANCELED", attempt: 0 });
      const { id } = await stubborn.task.trigger(undefined);
      await engine.reached(id, "EXECUTING");
      await runs.cancel(id);
      await stubborn.stopped;
      expect((await engine.ended(id)).status).toBe("CANCELED");
    });

    test("runs that wait for children hold no place: a chain longer than all places, in one queue of limit 1", async () => {
      const { id } = await tasks.chain.trigger(8);
      const run = await engine.ended(id);
      expect(run.status).toBe("COMPLETED");
      expect((await runs.retrieve(id)).output).toBe(8);
    });

    test("a run that waits for children is WAITING, and goes on when they have ended", async () => {
      const { id } = await tasks.parent.trigger(20);
      await engine.reached(id, "WAITING");
      expect((await engine.ended(id)).status).toBe("COMPLETED");
      expect((await runs.retrieve(id)).output).toBe(210);
      expect(await engine.document(id)).toEqual({ sum: 210, children: 20 });
    });

    test("a shutdown gives back what takes long: it goes on with the next attempt, which costs the task none", async () => {
      const { id } = await tasks.patient.trigger(undefined, { maxAttempts: 1, metadata: { kept: true } });
      await engine.reached(id, "EXECUTING");
      await engine.restart();
      tasks.patientGate.open();
      const run = await engine.ended(id);
      expect(run.status).toBe("COMPLETED");
      expect(run.attempt).toBe(run.interruptions + 1);
      expect(await engine.document(id)).toEqual({ kept: true, attempt: run.attempt });
    });
  });
}

async function batchIds(batchId: string): Promise<string[]> {
  const found: string[] = [];
  for await (const run of runs.list({ batch: batchId })) found.push(run.id);
  return found;
}

/** Tasks of one engine: they are registered for the process, so each has its own names. */
function defineTasks() {
  const { limited } = limitedTask();
  const { stubborn } = stubbornTask();
  const greet = task({
    id: taskId("greet"),
    run: async (payload: { name: string }, { ctx }) => {
      metadata.increment("greeted");
      return { text: `hello ${payload.name}`, tags: ctx.run.tags };
    },
  });
  const flaky = task({
    id: taskId("flaky"),
    retry: { maxAttempts: 3, minTimeoutInMs: 20, maxTimeoutInMs: 40, randomize: false },
    run: async (_: undefined, { ctx }) => {
      metadata.increment("tries");
      if (ctx.attempt.number < 3) throw new Error("not yet");
    },
  });
  const pausedQueue = taskId("paused-queue");
  const paused = task({
    id: taskId("paused"),
    ttl: "2s",
    queue: queue({ name: pausedQueue, concurrencyLimit: 0 }),
    run: () => undefined,
  });
  const chainQueue = queue({ name: taskId("chain-queue"), concurrencyLimit: 1 });
  const chain = task({
    id: taskId("chain"),
    queue: chainQueue,
    run: async (depth: number): Promise<number> =>
      depth === 1 ? 1 : (await chain.triggerAndWait(depth - 1).unwrap()) + 1,
  });
  const child = task({
    id: taskId("child"),
    run: async (n: number) => {
      metadata.parent.increment("sum", n);
      metadata.root.increment("children");
      return n;
    },
  });
  const parent = task({
    id: taskId("parent"),
    run: async (count: number) => {
      const items = Array.from({ length: count }, (_, index) => ({ payload: index + 1 }));
      const results = await child.batchTriggerAndWait(items);
      return results.runs.reduce((sum, run) => sum + (run.ok ? run.output : Number.NaN), 0);
    },
  });
  const patientGate = gate();
  const patient = task({
    id: taskId("patient"),
    run: async (_: undefined, { ctx, signal }) => {
      metadata.set("attempt", ctx.attempt.number);
      await metadata.flush();
      await Promise.race([patientGate.opened, aborted(signal)]);
    },
  });
  const all = [greet, flaky, paused, chain, child, parent, patient, limited.task, stubborn.task];
  const ids = all.map((one) => one.id);
  return { ids, greet, flaky, paused, pausedQueue, chain, parent, patient, patientGate, limited, stubborn };
}

function limitedTask() {
  let hold = gate();
  let executing = 0;
  const limited = {
    begun: [] as string[],
    most: 0,
    reset() {
      hold = gate();
      limited.begun = [];
      limited.most = 0;
    },
    open: () => hold.open(),
    task: task({
      id: taskId("limited"),
      queue: { concurrencyLimit: 1 },
      run: async (label: string) => {
        limited.begun.push(label);
        executing += 1;
        limited.most = Math.max(limited.most, executing);
        await hold.opened;
        executing -= 1;
      },
    }),
  };
  return { limited };
}

function stubbornTask() {
  const stop = gate();
  const stubborn = {
    stopped: stop.opened,
    task: task({
      id: taskId("stubborn"),
      run: async (_: undefined, { signal }) => {
        await aborted(signal).catch(() => stop.open());
      },
    }),
  };
  return { stubborn };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
