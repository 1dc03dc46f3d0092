import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { decodePacket } from "../../src/client/packet.ts";
import { currentScope } from "../../src/context/context-storage.ts";
import { AbortTaskRunError, MaxDurationError, RunCancelledError } from "../../src/errors.ts";
import { clearProcessRegistry } from "../../src/lifecycle/process-registry.ts";
import { runAttempts } from "../../src/lifecycle/run-attempts.ts";
import { schemaTask } from "../../src/lifecycle/schema-task.ts";
import { task } from "../../src/lifecycle/task.ts";
import { requireTask } from "../../src/lifecycle/task-registry.ts";
import { tasks } from "../../src/lifecycle/tasks.ts";
import { useConfig } from "../../src/lifecycle/use-config.ts";
import { wait } from "../../src/lifecycle/wait.ts";
import type { Target } from "../../src/target/target.ts";
import { describeRun, execute } from "./execute.ts";
import { ManualClock } from "./manual-clock.ts";

afterEach(clearProcessRegistry);

function set(key: string, value: unknown): void {
  currentScope()?.store.set(key, value);
}

function get(key: string): unknown {
  return currentScope()?.store.get(key);
}

/** Resolves when the signal is aborted, as code does that minds it. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
  );
}

/** A promise, and what resolves it. */
function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

describe("payload and output", () => {
  it("keeps a Date in the payload and in the output a Date", async () => {
    const later = task({
      id: "later",
      run: async (payload: { at: Date }) => new Date(payload.at.getTime() + 1),
    });
    const { outcome } = await execute(later, { at: new Date(41) });
    expect(outcome.kind === "completed" && (await decodePacket(outcome.output))).toEqual(new Date(42));
  });

  it("fails without a retry when the payload cannot be read; hooks that know no payload type are told", async () => {
    const told: string[] = [];
    tasks.onFailure(() => void told.push("global"));
    const strict = task({
      id: "strict",
      retry: {},
      onFailure: () => void told.push("task"),
      run: async () => {},
    });
    const { outcome } = await execute(strict, undefined, {
      run: { payload: { data: "{", dataType: "application/json" } },
    });
    expect(outcome).toMatchObject({
      kind: "failed",
      reason: "payload",
      retryAfterMs: undefined,
      error: { name: "TaskPayloadError" },
    });
    expect(told).toEqual(["global"]);
  });

  it("fails without a retry when the output cannot be sent", async () => {
    const output = {
      toJSON: 1,
      get bad() {
        throw new Error("unreadable");
      },
    };
    const unsendable = task({ id: "unsendable", retry: {}, run: async () => output });
    const { outcome } = await execute(unsendable, undefined);
    expect(outcome).toMatchObject({ kind: "failed", reason: "output", error: { name: "TaskOutputError" } });
  });

  it("parses the payload of a schemaTask before anything else and names what is wrong with it", async () => {
    const greet = schemaTask({
      id: "greet",
      retry: {},
      schema: z.object({ name: z.string(), at: z.coerce.date() }),
      run: async ({ name, at }) => `${name} ${at.getTime()}`,
    });
    expect((await execute(greet, { name: "Ada", at: "1970-01-01T00:00:01Z" })).outcome).toMatchObject({
      value: "Ada 1000",
    });
    const { outcome } = await execute(greet, { name: 1, at: "1970-01-01" });
    expect(outcome).toMatchObject({ kind: "failed", reason: "payload" });
    expect(outcome.kind === "failed" && outcome.error.message).toMatch(
      /Invalid payload for task "greet": name: .*string/,
    );
  });
});

describe("failures", () => {
  it.each([
    ["a string", "a string", { name: "Error", message: "a string" }],
    ["nothing", undefined, { name: "Error", message: "undefined" }],
    ["an object", { code: 7 }, { name: "Error", message: '{"code":7}' }],
    ["a bigint", 7n, { name: "Error", message: "7" }],
    [
      "what cannot be read",
      new Proxy(
        {},
        {
          get: () => {
            throw new Error("trap");
          },
        },
      ),
      { name: "Error", message: "A value was thrown that cannot be described" },
    ],
  ])("describes %s that was thrown, and keeps it unchanged", async (_, thrown, error) => {
    const failing = task({
      id: "failing",
      run: async () => {
        throw thrown;
      },
    });
    const { outcome } = await execute(failing, undefined);
    expect(outcome).toMatchObject({ kind: "failed", error });
    expect(outcome.kind === "failed" && outcome.thrown === thrown).toBe(true);
  });

  it("L2 keeps the error of the task and what it wrote, also when the endpoint refuses everything", async () => {
    const failing = task({
      id: "failing",
      run: async () => {
        set("step", 1);
        throw new Error("from the task");
      },
    });
    const stored = await execute(failing, undefined);
    expect(stored).toMatchObject({
      outcome: { flushed: true, error: { message: "from the task" } },
      document: { step: 1 },
    });

    const { target } = await describeRun(undefined);
    const down: Target = {
      ...target,
      send: () => Promise.resolve({ kind: "refused", status: 400, message: "no" }),
    };
    const { outcome } = await execute(failing, undefined, { target: down });
    expect(outcome).toMatchObject({
      kind: "failed",
      error: { message: "from the task" },
      stats: { dropped: 1 },
    });
  });

  it("retries as the task says, else as the config says, else not", async () => {
    const fail = async () => {
      throw new Error("no");
    };
    const random = () => 0;
    const own = task({ id: "own", retry: { minTimeoutInMs: 7 }, run: fail });
    const none = task({ id: "none", run: fail });
    expect((await execute(own, undefined, { random })).outcome).toMatchObject({
      retryAfterMs: 7,
      reason: undefined,
    });
    expect((await execute(none, undefined)).outcome).toMatchObject({
      retryAfterMs: undefined,
      reason: "no-retry",
    });
    useConfig({ project: "p", retries: { default: { minTimeoutInMs: 9 } } });
    expect((await execute(none, undefined, { random })).outcome).toMatchObject({ retryAfterMs: 9 });
    useConfig({ project: "p", retries: { enabledInDev: false, default: {} } });
    expect((await execute(none, undefined)).outcome).toMatchObject({ reason: "retries-disabled" });
    const environment = { id: "env_1", slug: "prod", type: "PRODUCTION" } as const;
    expect((await execute(none, undefined, { random, run: { environment } })).outcome).toMatchObject({
      retryAfterMs: 1_000,
    });
  });

  it("asks catchError of the task first, then the global ones; the first answer decides and may replace the error", async () => {
    const asked: string[] = [];
    useConfig({ project: "p", catchError: () => void asked.push("config") });
    tasks.catchError("late", ({ retryDelayInMs, retry }) => {
      asked.push(`global ${retryDelayInMs} ${retry?.maxAttempts}`);
      return { skipRetrying: true, error: new Error("a better one") };
    });
    const failing = task({
      id: "failing",
      retry: { maxAttempts: 4, randomize: false },
      catchError: ({ error }) => {
        asked.push(String(error));
        if (asked.length > 10) return { skipRetrying: true };
        return undefined;
      },
      run: async () => {
        throw new Error("first");
      },
    });
    const { outcome } = await execute(failing, undefined);
    expect(asked).toEqual(["Error: first", "global 1000 4"]);
    expect(outcome).toMatchObject({ kind: "failed", reason: "skipped", error: { message: "a better one" } });
  });

  it("takes handleError as the former name of catchError", async () => {
    const failing = task({
      id: "failing",
      retry: {},
      handleError: () => ({ retryDelayInMs: 42 }),
      run: async () => {
        throw new Error("again");
      },
    });
    expect((await execute(failing, undefined)).outcome).toMatchObject({ retryAfterMs: 42 });
  });

  it("does not ask catchError about an error that ends the run, and takes a broken one as silent", async () => {
    let asked = 0;
    const aborting = task({
      id: "aborting",
      retry: {},
      catchError: () => {
        asked += 1;
        throw new Error("broken");
      },
      run: async (payload: { abort: boolean }) => {
        throw payload.abort ? new AbortTaskRunError("stop") : new Error("again");
      },
    });
    expect((await execute(aborting, { abort: true })).outcome).toMatchObject({ reason: "aborted" });
    expect(asked).toBe(0);
    const { outcome, warnings } = await execute(aborting, { abort: false }, { random: () => 0 });
    expect(outcome).toMatchObject({ retryAfterMs: 1_000, error: { message: "again" } });
    expect(warnings).toMatchObject([{ code: "HOOK_FAILED" }]);
  });
});

describe("maxDuration", () => {
  it("aborts the signal, fails the run with MaxDurationError and does not retry it", async () => {
    const clock = new ManualClock();
    const failures: unknown[] = [];
    const { opened: running, open } = gate();
    const slow = task({
      id: "slow",
      maxDuration: 5,
      retry: {},
      run: async (_: undefined, { signal }) => {
        open();
        try {
          await aborted(signal);
        } finally {
          set("last words", signal.reason.name);
        }
      },
      onFailure: ({ error }) => void failures.push(error),
    });
    const done = execute(slow, undefined, { clock });
    await running;
    await clock.advance(5_000);
    const { outcome, document } = await done;
    expect(outcome).toMatchObject({
      kind: "failed",
      timedOut: true,
      reason: "timed-out",
      error: { name: "MaxDurationError" },
    });
    expect(failures).toEqual([expect.any(MaxDurationError)]);
    expect(document).toEqual({ "last words": "MaxDurationError" });
    expect(clock.pending).toBe(0);
  });

  it("leaves code behind that does not mind the signal, a second later; its later writes are lost by name", async () => {
    const clock = new ManualClock();
    const { opened: running, open: run } = gate();
    const { opened, open } = gate();
    let late: Promise<void> = Promise.resolve();
    const deaf = task({
      id: "deaf",
      maxDuration: 5,
      run: async () => {
        late = opened.then(() => set("late", true));
        run();
        await late;
      },
    });
    const drops: unknown[] = [];
    const done = execute(deaf, undefined, {
      clock,
      metadataOptions: { onDrop: (drop) => void drops.push(drop) },
    });
    await running;
    await clock.advance(6_000);
    const { outcome, document } = await done;
    open();
    await late;
    expect(outcome).toMatchObject({ kind: "failed", timedOut: true });
    expect(document).toEqual({});
    expect(drops).toMatchObject([{ reason: "closed", keys: ["late"] }]);
  });

  it("neither ends what succeeded in time nor leaves a timer behind", async () => {
    const clock = new ManualClock();
    const { opened: completing, open } = gate();
    const { opened: proceed, open: goOn } = gate();
    const signals: AbortSignal[] = [];
    const quick = task({
      id: "quick",
      maxDuration: 5,
      run: async (_: undefined, { signal }) => {
        signals.push(signal);
        return "in time";
      },
      onComplete: async () => {
        open();
        await proceed;
      },
    });
    const done = execute(quick, undefined, { clock });
    await completing;
    await clock.advance(5_000);
    goOn();
    expect((await done).outcome).toMatchObject({ kind: "completed", value: "in time" });
    expect(signals[0]?.aborted).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it("takes the trigger's over the task's, the task's over the config's", async () => {
    useConfig({ project: "p", maxDuration: 1 });
    const own = task({
      id: "own",
      maxDuration: 2,
      run: async (_: undefined, { ctx }) => ctx.run.maxDuration,
    });
    const none = task({ id: "none", run: async (_: undefined, { ctx }) => ctx.run.maxDuration });
    expect((await execute(own, undefined, { run: { maxDuration: 3 } })).outcome).toMatchObject({ value: 3 });
    expect((await execute(own, undefined)).outcome).toMatchObject({ value: 2 });
    expect((await execute(none, undefined)).outcome).toMatchObject({ value: 1 });
  });
});

describe("cancel", () => {
  it("L5 tells run by its signal, lets onCancel see its own run, and stores what is pending", async () => {
    const cancel = new AbortController();
    const { opened: running, open } = gate();
    const called: string[] = [];
    const long = task({
      id: "long",
      run: async (_: undefined, { signal }) => {
        set("step", 1);
        open();
        await aborted(signal);
      },
      onCancel: async ({ runPromise, ctx }) => {
        set("seen", [get("step"), ctx.run.id === currentScope()?.id]);
        await runPromise.catch((error: unknown) => set("ended by", (error as Error).name));
      },
      onSuccess: () => void called.push("onSuccess"),
      onFailure: () => void called.push("onFailure"),
      onComplete: () => void called.push("onComplete"),
      cleanup: () => void called.push("cleanup"),
    });
    const done = execute(long, undefined, { signal: cancel.signal });
    await running;
    cancel.abort();
    const { outcome, document } = await done;
    expect(outcome).toMatchObject({ kind: "cancelled", flushed: true, pending: 0 });
    expect(document).toEqual({ step: 1, seen: [1, true], "ended by": "RunCancelledError" });
    expect(called).toEqual(["cleanup"]);
  });

  it("L5 stores what is pending when a request is under way at the time", async () => {
    const cancel = new AbortController();
    const { target } = await describeRun(undefined);
    const { opened: sent, open: markSent } = gate();
    const { opened: answered, open: answer } = gate();
    const slow: Target = {
      ...target,
      async send(batch, options) {
        markSent();
        await answered;
        return target.send(batch, options);
      },
    };
    const long = task({
      id: "long",
      run: async (_: undefined, { signal }) => {
        set("first", 1);
        void currentScope()?.flusher.flush();
        await sent;
        set("second", 2);
        cancel.abort();
        await aborted(signal);
      },
    });
    const done = execute(long, undefined, { signal: cancel.signal, target: slow });
    await sent;
    answer();
    expect((await done).outcome).toMatchObject({ kind: "cancelled", flushed: true });
    expect(target.document()).toEqual({ first: 1, second: 2 });
  });

  it("gives code that minds its signal a second for its last words", async () => {
    const cancel = new AbortController();
    const { opened: running, open } = gate();
    const cleaning = task({
      id: "cleaning",
      run: async (_: undefined, { signal }) => {
        open();
        await aborted(signal).catch(() => {});
        for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
        set("cleaned up", true);
      },
    });
    const done = execute(cleaning, undefined, { signal: cancel.signal, clock: new ManualClock() });
    await running;
    cancel.abort();
    const { outcome, document } = await done;
    expect(outcome.kind).toBe("cancelled");
    expect(document).toEqual({ "cleaned up": true });
  });

  it("runs nothing when the run was cancelled before", async () => {
    const called: string[] = [];
    const never = task({
      id: "never",
      onCancel: () => void called.push("onCancel"),
      run: async () => void called.push("run"),
    });
    const { outcome } = await execute(never, undefined, { signal: AbortSignal.abort() });
    expect(outcome.kind).toBe("cancelled");
    expect(called).toEqual([]);
  });

  it("does not come to run when a hook before it was cancelled, and no wait outlasts the cancel", async () => {
    const cancel = new AbortController();
    const called: string[] = [];
    const stopped = task({
      id: "stopped",
      onStart: async () => {
        cancel.abort();
        await wait.for({ seconds: 0 }).catch(() => void called.push("wait ended"));
      },
      run: async () => void called.push("run"),
    });
    expect((await execute(stopped, undefined, { signal: cancel.signal })).outcome.kind).toBe("cancelled");
    expect(called).toEqual(["wait ended"]);
  });

  it("ends a wait.for with the reason", async () => {
    const clock = new ManualClock();
    const cancel = new AbortController();
    const reasons: unknown[] = [];
    const waiting = task({
      id: "waiting",
      run: async () => {
        await wait.for({ days: 1 }).catch((error: unknown) => {
          reasons.push(error);
          throw error;
        });
      },
    });
    const done = execute(waiting, undefined, { clock, signal: cancel.signal });
    await clock.armed(86_400_000);
    cancel.abort();
    expect((await done).outcome.kind).toBe("cancelled");
    expect(reasons).toEqual([expect.any(RunCancelledError)]);
    expect(clock.pending).toBe(0);
  });
});

describe("attempts", () => {
  it("L6 each attempt starts from the stored document; waits grow on the clock", async () => {
    const clock = new ManualClock();
    const seen: unknown[] = [];
    const third = task({
      id: "third",
      retry: { maxAttempts: 3, minTimeoutInMs: 100, factor: 3, randomize: false },
      run: async (_: undefined, { ctx }) => {
        seen.push([ctx.attempt.number, get("count"), clock.now()]);
        currentScope()?.store.increment("count", 1);
        if (ctx.attempt.number < 3) throw new Error("again");
        return "done";
      },
    });
    const { given, document } = await describeRun(undefined, { clock });
    const done = runAttempts({ ...given, task: requireTask(third.id) });
    await clock.armed(100);
    await clock.advance(100);
    await clock.armed(300);
    await clock.advance(300);
    const { outcome, attempts } = await done;
    expect(outcome).toMatchObject({ kind: "completed", value: "done" });
    expect(attempts).toBe(3);
    expect(seen).toEqual([
      [1, undefined, 0],
      [2, 1, 100],
      [3, 2, 400],
    ]);
    expect(document()).toEqual({ count: 3 });
  });

  it("L6 the batches of two attempts have keys of their own", async () => {
    const keys: string[] = [];
    const { target } = await describeRun(undefined);
    const recording: Target = {
      ...target,
      send(batch, options) {
        keys.push(batch.key);
        return target.send(batch, options);
      },
    };
    const writing = task({
      id: "writing",
      retry: { maxAttempts: 2, minTimeoutInMs: 0 },
      run: async (_: undefined, { ctx }) => {
        currentScope()?.store.increment("count", 1);
        if (ctx.attempt.number === 1) throw new Error("again");
      },
    });
    const { given } = await describeRun(undefined, { target: recording });
    await runAttempts({ ...given, task: requireTask(writing.id) });
    expect(new Set(keys).size).toBe(2);
    expect(target.document()).toEqual({ count: 2 });
  });

  it('starts again with the document of the trigger when onRetry is "reset"', async () => {
    const { given, document } = await describeRun(undefined, {
      metadata: { from: "trigger" },
      metadataOptions: { onRetry: "reset" },
    });
    const seen: unknown[] = [];
    const resetting = task({
      id: "resetting",
      retry: { maxAttempts: 2, minTimeoutInMs: 0 },
      run: async (_: undefined, { ctx }) => {
        seen.push(currentScope()?.store.current());
        set(`attempt ${ctx.attempt.number}`, true);
        if (ctx.attempt.number === 1) throw new Error("again");
      },
    });
    await runAttempts({ ...given, task: requireTask(resetting.id) });
    expect(seen).toEqual([{ from: "trigger" }, { from: "trigger" }]);
    expect(document()).toEqual({ from: "trigger", "attempt 2": true });
  });

  it("fails and closes the run when the document to reset to does not fit any more", async () => {
    const resetting = task({ id: "resetting", run: async () => {} });
    const { outcome } = await execute(resetting, undefined, {
      run: { attempt: 2, initialMetadata: { text: "far too long" } },
      metadataOptions: { onRetry: "reset", maximumSize: 10 },
    });
    expect(outcome).toMatchObject({ kind: "failed", flushed: true, error: { name: "MetadataSizeError" } });
  });

  it("is cancelled while it waits for the next attempt", async () => {
    const clock = new ManualClock();
    const cancel = new AbortController();
    const failing = task({
      id: "failing",
      retry: { randomize: false },
      run: async () => {
        throw new Error("again");
      },
    });
    const { given } = await describeRun(undefined, { clock, signal: cancel.signal });
    const done = runAttempts({ ...given, task: requireTask(failing.id) });
    await clock.armed(1_000);
    cancel.abort();
    expect(await done).toMatchObject({ outcome: { kind: "cancelled" }, attempts: 1 });
    expect(clock.pending).toBe(0);
  });
});
