import { metadata, queue, runs, task, tasks, useConfig, wait } from "@runmeta/runtime";
import { afterEach, describe, expect, it } from "vitest";
import { gate, startEngineServer, taskId } from "./engine-server.ts";

afterEach(() => useConfig(undefined));

describe("executing runs", () => {
  it("executes a triggered run; its metadata and output are read back over the API", async () => {
    await using engine = await startEngineServer();
    const greet = task({
      id: taskId("greet"),
      run: async (payload: { name: string; at: Date }) => {
        metadata.set("step", "greeting").increment("greeted", 2);
        return { text: `hello ${payload.name}`, year: payload.at.getUTCFullYear() };
      },
    });
    const { id } = await greet.trigger(
      { name: "Ada", at: new Date("2026-11-21") },
      { metadata: { from: 1 } },
    );
    await engine.ended(id);
    const run = await runs.retrieve(id);
    expect(run.status).toBe("COMPLETED");
    expect(run.output).toEqual({ text: "hello Ada", year: 2026 });
    expect(run.metadata).toEqual({ from: 1, step: "greeting", greeted: 2 });
    expect(engine.errors).toEqual([]);
  });

  it("answers 404 for a task that is not loaded, or not one of its own", async () => {
    const other = task({ id: taskId("other"), run: () => undefined });
    await using engine = await startEngineServer({ inline: { tasks: ["mine"] } });
    await expect(tasks.trigger<typeof other>("nobody-has-this" as string, undefined)).rejects.toMatchObject({
      status: 404,
    });
    await expect(other.trigger()).rejects.toMatchObject({ status: 404 });
    expect(engine.server.runs).toBeDefined();
  });

  it("lets 50 children count in their parent's document, exactly", async () => {
    await using engine = await startEngineServer({ inline: { concurrency: 8 }, maximumSize: 65_536 });
    const child = task({
      id: taskId("child"),
      run: async (n: number) => {
        metadata.parent.increment("sum", n).append("done", `child ${n}`);
        metadata.root.increment("children");
        return n * 2;
      },
    });
    const parent = task({
      id: taskId("parent"),
      run: async () => {
        metadata.set("sum", 0);
        await metadata.flush();
        const results = await child.batchTriggerAndWait(
          Array.from({ length: 50 }, (_, index) => ({ payload: index + 1 })),
        );
        await metadata.refresh();
        metadata.set("seen", metadata.get("sum"));
        return results.runs.reduce((sum, run) => sum + (run.ok ? run.output : Number.NaN), 0);
      },
    });
    const { id } = await parent.trigger();
    const run = await engine.ended(id);
    expect(run.status).toBe("COMPLETED");
    expect((await runs.retrieve(id)).output).toBe(2550);
    const document = await engine.document(id);
    expect(document).toMatchObject({ sum: 1275, children: 50, seen: 1275 });
    expect(new Set(document.done as string[]).size).toBe(50);
    expect((document.done as string[]).length).toBe(50);
  });

  it("I11 config hooks, task hooks and the body write to one document", async () => {
    useConfig({
      project: "test",
      onStart: () => void metadata.append("order", "config onStart"),
      onSuccess: () => void metadata.append("order", "config onSuccess"),
    });
    await using engine = await startEngineServer();
    const hooked = task({
      id: taskId("hooked"),
      onStart: () => void metadata.append("order", "task onStart"),
      onSuccess: () => void metadata.append("order", "task onSuccess"),
      run: () => void metadata.append("order", "run"),
    });
    const { id } = await hooked.trigger();
    await engine.ended(id);
    expect((await engine.document(id)).order).toEqual([
      "config onStart",
      "task onStart",
      "run",
      "config onSuccess",
      "task onSuccess",
    ]);
  });
});

describe("turns", () => {
  it("never deadlocks: parents, children and grandchildren at concurrency 1", async () => {
    await using engine = await startEngineServer({ inline: { concurrency: 1 } });
    const grandchild = task({ id: taskId("grandchild"), run: (n: number) => n + 1 });
    const child = task({
      id: taskId("child"),
      run: async (n: number) => (await grandchild.triggerAndWait(n).unwrap()) + 1,
    });
    const parent = task({
      id: taskId("parent"),
      run: async () => {
        const [a, b] = await Promise.all([
          child.triggerAndWait(1).unwrap(),
          child.triggerAndWait(10).unwrap(),
        ]);
        return a + b;
      },
    });
    const both = await Promise.all([parent.trigger(), parent.trigger()]);
    for (const { id } of both) {
      expect((await engine.ended(id)).status).toBe("COMPLETED");
      expect((await runs.retrieve(id)).output).toBe(15);
    }
  });

  it("never executes more at once than the process and each queue allow", async () => {
    const slow = queue({ name: taskId("slow"), concurrencyLimit: 2 });
    let now = 0;
    let most = 0;
    let slowNow = 0;
    let slowMost = 0;
    const body = async (isSlow: boolean) => {
      now += 1;
      if (isSlow) slowNow += 1;
      most = Math.max(most, now);
      slowMost = Math.max(slowMost, slowNow);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      if (isSlow) slowNow -= 1;
    };
    const limited = task({ id: taskId("limited"), queue: slow, run: () => body(true) });
    const free = task({ id: taskId("free"), run: () => body(false) });
    await using engine = await startEngineServer({ inline: { concurrency: 4 } });
    const triggered = [
      ...(await limited.batchTrigger(Array.from({ length: 12 }, () => ({ payload: undefined })))).runs,
      ...(await free.batchTrigger(Array.from({ length: 20 }, () => ({ payload: undefined })))).runs,
    ];
    for (const { id } of triggered) expect((await engine.ended(id)).status).toBe("COMPLETED");
    expect(slowMost).toBe(2);
    expect(most).toBeLessThanOrEqual(4);
    expect(now).toBe(0);
  });

  it("gives each concurrency key a limit of its own, and a queue of limit 0 nothing", async () => {
    const perUser = queue({ name: taskId("per-user"), concurrencyLimit: 1 });
    const meeting = new Map([
      ["a", gate()],
      ["b", gate()],
    ]);
    const meet = task({
      id: taskId("meet"),
      queue: perUser,
      // Each waits for the other: both must execute at the same time.
      run: async (user: string) => {
        meeting.get(user)?.open();
        await Promise.all([...meeting.values()].map(({ opened }) => opened));
      },
    });
    const paused = task({
      id: taskId("paused"),
      queue: { name: taskId("paused"), concurrencyLimit: 0 },
      run: () => undefined,
    });
    await using engine = await startEngineServer();
    const held = await paused.trigger();
    const a = await meet.trigger("a", { concurrencyKey: "a" });
    const b = await meet.trigger("b", { concurrencyKey: "b" });
    expect((await engine.ended(a.id)).status).toBe("COMPLETED");
    expect((await engine.ended(b.id)).status).toBe("COMPLETED");
    expect((await engine.server.runs.find("prod", held.id))?.status).toBe("QUEUED");
  });

  it("gives the turn away while the run waits for time", async () => {
    const shared = taskId("shared");
    const order: string[] = [];
    const sleeper = task({
      id: taskId("sleeper"),
      queue: shared,
      run: async () => {
        order.push("sleeps");
        await wait.for({ seconds: 0.3 });
        order.push("woke");
      },
    });
    const quick = task({ id: taskId("quick"), queue: shared, run: () => void order.push("quick") });
    await using engine = await startEngineServer({ inline: { concurrency: 1 } });
    const first = await sleeper.trigger();
    const second = await quick.trigger();
    await engine.ended(second.id);
    expect((await engine.ended(first.id)).status).toBe("COMPLETED");
    expect(order).toEqual(["sleeps", "quick", "woke"]);
  });
});

describe("ends", () => {
  it("retries with the document kept, then fails after the last attempt", async () => {
    await using engine = await startEngineServer();
    const failing = task({
      id: taskId("failing"),
      retry: { maxAttempts: 3, minTimeoutInMs: 1, randomize: false },
      run: async (_: string, { ctx }) => {
        metadata.append("attempts", ctx.attempt.number);
        if (ctx.attempt.number < 4) throw new TypeError(`attempt ${ctx.attempt.number}`);
      },
    });
    const { id } = await failing.trigger("x");
    const run = await engine.ended(id);
    expect(run).toMatchObject({ status: "FAILED", attempt: 3, interruptions: 0 });
    expect(run.error).toMatchObject({ name: "TypeError", message: "attempt 3" });
    expect(await engine.document(id)).toEqual({ attempts: [1, 2, 3] });
  });

  it("ends as TIMED_OUT after its maxDuration", async () => {
    await using engine = await startEngineServer();
    const endless = task({
      id: taskId("endless"),
      maxDuration: 0.05,
      retry: { maxAttempts: 3 },
      run: (_: undefined, { signal }) =>
        new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    const { id } = await endless.trigger(undefined);
    expect(await engine.ended(id)).toMatchObject({ status: "TIMED_OUT", attempt: 1 });
  });

  it("L5 aborts a cancelled run's signal; what it wrote is stored", async () => {
    await using engine = await startEngineServer();
    const begun = gate();
    const told = gate();
    const long = task({
      id: taskId("long"),
      onCancel: () => void metadata.set("cancelled", true),
      run: async (_: undefined, { signal }) => {
        metadata.set("begun", true);
        begun.open();
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        told.open();
      },
    });
    const { id } = await long.trigger(undefined);
    await begun.opened;
    await runs.cancel(id);
    await told.opened;
    await expect.poll(() => engine.document(id)).toEqual({ begun: true, cancelled: true });
    expect((await engine.ended(id)).status).toBe("CANCELED");
    expect(engine.errors).toEqual([]);
  });

  it("ends a cancelled parent's wait, and never begins a cancelled run that waits for its turn", async () => {
    await using engine = await startEngineServer();
    const begun = gate();
    const release = gate();
    const one = queue({ name: taskId("one"), concurrencyLimit: 1 });
    let executed = 0;
    const child = task({
      id: taskId("child"),
      queue: one,
      run: async () => {
        executed += 1;
        begun.open();
        await release.opened;
      },
    });
    const parent = task({ id: taskId("parent"), run: () => child.triggerAndWait() });
    const waiting = await parent.trigger();
    await begun.opened;
    const batch = await child.batchTrigger([{ payload: undefined }, { payload: undefined }]);
    await runs.cancel(waiting.id);
    for (const { id } of batch.runs) await runs.cancel(id);
    release.open();
    // A run of the same queue, so that the turn has gone round.
    const last = await child.trigger();
    expect((await engine.ended(last.id)).status).toBe("COMPLETED");
    expect((await engine.ended(waiting.id)).status).toBe("CANCELED");
    expect(executed).toBe(2);
    expect(engine.errors).toEqual([]);
  });

  it("keeps a run of an environment without a key, instead of losing it", async () => {
    await using engine = await startEngineServer();
    const orphan = task({ id: taskId("orphan"), run: () => "ran" });
    const result = await engine.server.runs.trigger({
      environment: "stg",
      task: orphan.id,
      payload: undefined,
    });
    const id = result.ok ? result.run.id : "";
    await expect.poll(async () => (await engine.server.runs.find("stg", id))?.status).toBe("DELAYED");
    expect(String(engine.errors[0])).toContain("no secret key");
  });

  it("promotes delayed runs, and expires queued ones by the task's ttl", async () => {
    await using engine = await startEngineServer();
    const plain = task({ id: taskId("plain"), run: () => "ran" });
    const stuck = task({
      id: taskId("stuck"),
      ttl: 1,
      queue: { name: taskId("closed"), concurrencyLimit: 0 },
      run: () => "never",
    });
    const due = new Date(Date.now() + 400);
    const delayed = await plain.trigger(undefined, { delay: due });
    const expiring = await stuck.trigger();
    const ran = await engine.ended(delayed.id);
    expect(ran.status).toBe("COMPLETED");
    expect(ran.startedAt?.getTime()).toBeGreaterThanOrEqual(due.getTime());
    expect((await engine.ended(expiring.id)).status).toBe("EXPIRED");
  });
});
