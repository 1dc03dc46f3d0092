import { AbortTaskRunError, defineConfig, metadata, task, tasks, wait } from "@runmeta/runtime";
import { describe, expect, test } from "vitest";
import {
  accepted,
  hangs,
  lostReply,
  manualClock,
  networkFault,
  runTask,
  scriptedEndpoint,
  status,
} from "../src/index.ts";

const hello = task({
  id: "hello",
  run: (payload: { name: string; at: Date }) => {
    metadata.set("greeting", `Hello ${payload.name}`).increment("greeted");
    return { at: payload.at };
  },
});

let failures = 0;
const flaky = task({
  id: "flaky",
  retry: { maxAttempts: 3, minTimeoutInMs: 20_000, randomize: false },
  run: (failUntil: number, { ctx }) => {
    metadata.set("attempt", ctx.attempt.number);
    failures += 1;
    if (ctx.attempt.number < failUntil) throw new Error(`attempt ${ctx.attempt.number} failed`);
    return "done";
  },
});

describe("runTask", () => {
  test("runs the task and gives what it did", async () => {
    const run = await runTask(hello, { name: "Ada", at: new Date(0) }, { metadata: { from: "test" } });
    expect(run.status).toBe("COMPLETED");
    expect(run.output).toEqual({ at: new Date(0) });
    expect(run.error).toBeUndefined();
    expect(run.attempts).toBe(1);
    expect(run.metadata).toEqual({ from: "test", greeting: "Hello Ada", greeted: 1 });
    expect(run.timeline).toEqual([
      {
        at: 0,
        attempt: 1,
        operation: { type: "set", key: "greeting", value: "Hello Ada" },
        document: { from: "test", greeting: "Hello Ada" },
      },
      {
        at: 0,
        attempt: 1,
        operation: { type: "increment", key: "greeted", value: 1 },
        document: run.metadata,
      },
    ]);
    expect(
      run.requests.map(({ method, url, status: code }) => [method, new URL(url).pathname, code]),
    ).toEqual([["PUT", "/api/v1/runs/run_1/metadata", 200]]);
    expect(run.stats).toMatchObject({ accepted: 2, acknowledged: 2, pending: 0, dropped: 0 });
    expect([run.warnings, run.drops, run.children, run.parent]).toEqual([[], [], [], undefined]);
  });

  test("a failed task is a result, with exactly what was thrown", async () => {
    const thrown = new TypeError("no");
    const broken = task({
      id: "broken",
      run: () => {
        metadata.set("reached", true);
        throw thrown;
      },
    });
    const run = await runTask(broken, undefined);
    expect([run.status, run.attempts, run.output]).toEqual(["FAILED", 1, undefined]);
    expect(run.error).toBe(thrown);
    expect(run.metadata).toEqual({ reached: true });
  });

  test("waits between attempts take no time, and the clock shows them", async () => {
    const run = await runTask(flaky, 3);
    expect([run.status, run.output, run.attempts]).toEqual(["COMPLETED", "done", 3]);
    expect(run.timeline.map(({ at, attempt }) => [at, attempt])).toEqual([
      [0, 1],
      [20_000, 2],
      [60_000, 3],
    ]);
  });

  test("attempts limits the attempts, as maxAttempts of a trigger does", async () => {
    failures = 0;
    const run = await runTask(flaky, 3, { attempts: 2 });
    expect([run.status, run.attempts, failures]).toEqual(["FAILED", 2, 2]);
    expect(run.error).toMatchObject({ message: "attempt 2 failed" });
  });

  test("an AbortTaskRunError ends the run at once", async () => {
    const aborting = task({
      id: "aborting",
      retry: { maxAttempts: 5 },
      run: () => {
        throw new AbortTaskRunError("give up");
      },
    });
    expect(await runTask(aborting, undefined)).toMatchObject({ status: "FAILED", attempts: 1 });
  });

  test("on a clock of the test, time moves only when the test moves it", async () => {
    const clock = manualClock();
    const running = runTask(flaky, 2, { clock });
    await clock.advance(19_999);
    expect(clock.pendingTimers.map(({ at, kind }) => [at, kind])).toEqual([[20_000, "wait"]]);
    await clock.advance(1);
    expect((await running).attempts).toBe(2);
    expect(clock.pendingTimers).toEqual([]);
  });

  test("wait.for takes no time, and writes made before it are sent while it waits", async () => {
    const waiting = task({
      id: "waiting",
      run: async () => {
        metadata.set("step", 1);
        await wait.for({ hours: 1 });
        metadata.set("step", 2);
      },
    });
    const run = await runTask(waiting, undefined);
    expect(run.timeline.map(({ at, operation }) => [at, operation])).toEqual([
      [0, { type: "set", key: "step", value: 1 }],
      [3_600_000, { type: "set", key: "step", value: 2 }],
    ]);
    expect(run.stored.map(({ at }) => at)).toEqual([250, 3_600_000]);
  });

  test("time stands still while code does real work: hooks and maxDuration do not time out", async () => {
    const working = task({
      id: "working",
      maxDuration: 5,
      onStart: () => new Promise((resolve) => setTimeout(resolve, 20)),
      run: async () => {
        metadata.set("a", 1);
        await new Promise((resolve) => setTimeout(resolve, 20));
        metadata.set("b", 2);
      },
    });
    const run = await runTask(working, undefined);
    expect([run.status, run.requests.length, run.timeline.map(({ at }) => at)]).toEqual([
      "COMPLETED",
      1,
      [0, 0],
    ]);
  });

  test("maxDuration ends what waits too long on the clock, and what hangs in real time", async () => {
    const tooLong = task({ id: "too-long", maxDuration: 10, run: () => wait.for({ days: 1 }) });
    const run = await runTask(tooLong, undefined);
    expect([run.status, run.error]).toMatchObject(["TIMED_OUT", { code: "RUNMETA_MAX_DURATION" }]);

    const hanging = task({
      id: "hanging",
      maxDuration: 0.02,
      run: (_: unknown, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    });
    expect((await runTask(hanging, undefined)).status).toBe("TIMED_OUT");
  });

  test("a signal cancels the run, and what it wrote is kept", async () => {
    const abort = new AbortController();
    const cancelled = task({
      id: "cancelled",
      run: async (_: unknown, { signal }) => {
        metadata.set("begun", true);
        abort.abort();
        await new Promise((resolve) =>
          signal.aborted ? resolve(0) : signal.addEventListener("abort", resolve),
        );
      },
      onCancel: () => void metadata.set("cancelled", true),
    });
    const run = await runTask(cancelled, undefined, { signal: abort.signal });
    expect([run.status, run.metadata]).toEqual(["CANCELED", { begun: true, cancelled: true }]);
    expect(run.hooks).toEqual([{ hook: "onCancel", source: "task", attempt: 1 }]);
  });

  describe("hooks", () => {
    test("I11 are called and recorded in the order of production, in one document", async () => {
      const mark = (name: string) => () => void metadata.append("order", name);
      const hooked = task({
        id: "hooked",
        retry: { maxAttempts: 2 },
        init: mark("task init"),
        onStart: mark("task onStart"),
        onStartAttempt: mark("task onStartAttempt"),
        onSuccess: mark("task onSuccess"),
        onComplete: mark("task onComplete"),
        middleware: async ({ next }) => {
          metadata.append("order", "in");
          await next();
          metadata.append("order", "out");
        },
        run: (_: unknown, { ctx }) => {
          if (ctx.attempt.number === 1) throw new Error("first");
        },
      });
      const config = defineConfig({
        project: "p",
        onStart: mark("config onStart"),
        onSuccess: mark("config onSuccess"),
      });
      const run = await runTask(hooked, undefined, { config });
      expect(run.hooks.map(({ hook, source, attempt }) => `${attempt} ${source} ${hook}`)).toEqual([
        "1 task middleware",
        "1 task init",
        "1 config onStart",
        "1 task onStart",
        "1 task onStartAttempt",
        "2 task middleware",
        "2 task init",
        "2 task onStartAttempt",
        "2 config onSuccess",
        "2 task onSuccess",
        "2 task onComplete",
      ]);
      expect(run.metadata.order).toEqual([
        "in",
        "task init",
        "config onStart",
        "task onStart",
        "task onStartAttempt",
        "out",
        "in",
        "task init",
        "task onStartAttempt",
        "config onSuccess",
        "task onSuccess",
        "task onComplete",
        "out",
      ]);
    });

    test("global hooks are recorded as well", async () => {
      // Registered for this file's process; tasks of other ids are left alone.
      tasks.onStart(({ task: id }) => {
        if (id === "globally-hooked") metadata.set("global", true);
      });
      const run = await runTask(task({ id: "globally-hooked", run: () => 1 }), undefined);
      expect(run.hooks).toContainEqual({ hook: "onStart", source: "global", attempt: 1 });
      expect(run.metadata).toEqual({ global: true });
    });

    test("one that fails without changing the outcome is a warning", async () => {
      const seen: string[] = [];
      const run = await runTask(
        task({
          id: "failing-hook",
          onSuccess: () => {
            throw new Error("hook");
          },
          metadata: { onWarning: ({ code }) => void seen.push(code) },
          run: () => 1,
        }),
        undefined,
      );
      expect(run.status).toBe("COMPLETED");
      expect(run.warnings).toMatchObject([{ runId: "run_1", code: "HOOK_FAILED" }]);
      expect(seen).toEqual(["HOOK_FAILED"]);
    });
  });

  describe("limits and faults", () => {
    const large = task({
      id: "large",
      run: (bytes: number) => void metadata.set("text", "x".repeat(bytes)),
    });

    test("I3 the size limit is the runtime's; maximumSize raises it here and at the endpoint", async () => {
      const refused = await runTask(large, 5_000);
      expect([refused.status, refused.error]).toMatchObject(["FAILED", { code: "RUNMETA_METADATA_SIZE" }]);
      const raised = await runTask(large, 5_000, { maximumSize: 6_000 });
      expect([raised.status, Object.keys(raised.metadata)]).toEqual(["COMPLETED", ["text"]]);
    });

    test("initial metadata is checked as at a trigger", async () => {
      await expect(runTask(large, 1, { metadata: ["a"] })).rejects.toMatchObject({
        code: "RUNMETA_METADATA_VALUE",
      });
      await expect(runTask(large, 1, { metadata: { text: "x".repeat(5_000) } })).rejects.toMatchObject({
        code: "RUNMETA_METADATA_SIZE",
      });
    });

    test("F4 nothing is lost or counted twice when requests fail and replies are lost", async () => {
      const endpoint = scriptedEndpoint([status(503), lostReply(), networkFault("ECONNREFUSED")]);
      const run = await runTask(hello, { name: "Ada", at: new Date(0) }, { endpoint });
      expect(run.metadata).toEqual({ greeting: "Hello Ada", greeted: 1 });
      expect(run.requests.map(({ status: code, fault }) => code ?? fault)).toEqual([
        503,
        "ECONNRESET",
        // Whether the lost one was applied is read first: until then nothing says that the endpoint deduplicates.
        200,
        "ECONNREFUSED",
        200,
      ]);
      expect(run.stats).toMatchObject({ acknowledged: 2, pending: 0, retries: 3 });
      endpoint.verify();
    });

    test("flush() waits over a backoff, and Retry-After is kept", async () => {
      const flushing = task({
        id: "flushing",
        run: async () => {
          metadata.set("a", 1);
          await metadata.flush();
        },
      });
      const run = await runTask(flushing, undefined, {
        endpoint: scriptedEndpoint([status(503, { retryAfterMs: 3_000 })]),
      });
      expect(run.status).toBe("COMPLETED");
      expect(run.requests.map(({ at, status: code }) => [at, code])).toEqual([
        [0, 503],
        [3_000, 200],
      ]);
    });

    test("I10 an endpoint that hangs does not change the result", async () => {
      const run = await runTask(
        hello,
        { name: "Ada", at: new Date(0) },
        { endpoint: scriptedEndpoint([], { otherwise: hangs() }) },
      );
      expect([run.status, run.metadata, run.stats.pending]).toEqual(["COMPLETED", {}, 2]);
      expect(run.warnings.map(({ code }) => code)).toEqual(["NOT_DRAINED"]);
    });

    test("I12 what is refused is dropped by name, and the rest goes through", async () => {
      const refusing = scriptedEndpoint([], { maximumSize: 40 });
      const run = await runTask(
        task({
          id: "partly",
          run: () => void metadata.set("big", "x".repeat(50)).set("small", 1),
        }),
        undefined,
        { endpoint: refusing },
      );
      expect(run.metadata).toEqual({ small: 1 });
      expect(run.drops).toMatchObject([{ reason: "refused", keys: ["big"], count: 1 }]);
      expect(run.stats).toMatchObject({ accepted: 2, acknowledged: 1, dropped: 1 });
    });

    test("a strict script that runs out fails the test", async () => {
      const endpoint = scriptedEndpoint([], { strict: true });
      await expect(runTask(hello, { name: "Ada", at: new Date(0) }, { endpoint })).rejects.toThrow(
        "the script has 0 replies",
      );
    });
  });

  test("the parent's document is written through the endpoint", async () => {
    const child = task({
      id: "reporting",
      run: () => void metadata.parent.increment("rows", 5).append("done", "NL"),
    });
    const run = await runTask(child, undefined, { parent: { metadata: { rows: 1 } } });
    expect(run.parent).toEqual({ id: expect.any(String), metadata: { rows: 6, done: ["NL"] } });
    expect(run.metadata).toEqual({});
  });

  test("a write to the parent that changes nothing is a warning, as in production", async () => {
    const blind = task({ id: "blind", run: () => void metadata.parent.set("$.no.such.parent", 1) });
    const run = await runTask(blind, undefined, { parent: {} });
    expect(run.warnings).toMatchObject([{ code: "INEFFECTIVE" }]);
    expect(run.parent?.metadata).toEqual({});
  });

  test("runs that share an endpoint keep their documents apart", async () => {
    const endpoint = scriptedEndpoint([accepted()]);
    const names = ["a", "b", "c", "d"];
    const runs = await Promise.all(
      names.map((name) => runTask(hello, { name, at: new Date(0) }, { endpoint })),
    );
    expect(runs.map((run) => run.metadata.greeting)).toEqual(names.map((name) => `Hello ${name}`));
    expect(new Set(runs.map((run) => run.id)).size).toBe(4);
    expect(runs.map((run) => run.requests.length)).toEqual([1, 1, 1, 1]);
    expect(endpoint.requests).toHaveLength(4);
  });

  test("a task that nobody defined is an error of the call", async () => {
    await expect(runTask({ ...hello, id: "unknown" }, { name: "", at: new Date(0) })).rejects.toMatchObject({
      code: "RUNMETA_TASK_NOT_FOUND",
    });
  });
});
