import { afterEach, describe, expect, it } from "vitest";
import { currentScope } from "../../src/context/context-storage.ts";
import { clearProcessRegistry } from "../../src/lifecycle/process-registry.ts";
import { task } from "../../src/lifecycle/task.ts";
import { tasks } from "../../src/lifecycle/tasks.ts";
import { useConfig } from "../../src/lifecycle/use-config.ts";
import { wait } from "../../src/lifecycle/wait.ts";
import { execute } from "./execute.ts";
import { ManualClock } from "./manual-clock.ts";

afterEach(clearProcessRegistry);

/** Writes to the current run's document, as `metadata.append` does. */
function note(text: string): void {
  currentScope()?.store.append("log", text);
}

const KINDS = [
  "init",
  "onStart",
  "onStartAttempt",
  "onSuccess",
  "onFailure",
  "onComplete",
  "cleanup",
] as const;

function noting(who: string) {
  return Object.fromEntries(KINDS.map((kind) => [kind, () => note(`${who} ${kind}`)]));
}

describe("order of hooks", () => {
  it("I11 config, global, task; all write to one document, and so does what they call", async () => {
    useConfig({ project: "p", ...noting("config") });
    tasks.init(() => note("global init"));
    tasks.onStart(() => note("global onStart"));
    tasks.onStartAttempt(() => note("global onStartAttempt"));
    tasks.onSuccess(() => note("global onSuccess"));
    tasks.onComplete(() => note("global onComplete"));
    tasks.cleanup(() => note("global cleanup"));
    const ordered = task({ id: "ordered", ...noting("task"), run: async () => note("run") });

    const { outcome, document } = await execute(ordered, undefined);

    expect(outcome.kind).toBe("completed");
    const from = (kind: string) => [`config ${kind}`, `global ${kind}`, `task ${kind}`];
    expect(document.log).toEqual([
      ...from("init"),
      ...from("onStart"),
      ...from("onStartAttempt"),
      "run",
      ...from("onSuccess"),
      ...from("onComplete"),
      ...from("cleanup"),
    ]);
  });

  it("calls onStart in the first attempt only, and onFailure and onComplete after the last one only", async () => {
    const failing = task({
      id: "failing",
      retry: { maxAttempts: 2 },
      ...noting("task"),
      run: async () => {
        throw new Error("no");
      },
    });
    const first = await execute(failing, undefined);
    expect(first.document.log).toEqual(["task init", "task onStart", "task onStartAttempt", "task cleanup"]);
    const second = await execute(failing, undefined, { run: { attempt: 2 } });
    expect(second.document.log).toEqual([
      "task init",
      "task onStartAttempt",
      "task onFailure",
      "task onComplete",
      "task cleanup",
    ]);
  });

  it("replaces a global hook of the same name, and keeps unnamed ones side by side", async () => {
    tasks.onStart("once", () => note("old"));
    tasks.onStart(() => note("unnamed"));
    tasks.onStart(() => note("unnamed"));
    tasks.onStart("once", () => note("new"));
    tasks.onComplete("once", () => note("complete"));
    const { document } = await execute(task({ id: "named", run: async () => {} }), undefined);
    expect(document.log).toEqual(["new", "unnamed", "unnamed", "complete"]);
  });
});

describe("what hooks receive", () => {
  it("hands over payload, ctx, output, error, result, init and the task's id", async () => {
    const seen: Record<string, unknown> = {};
    const told = task({
      id: "told",
      init: ({ payload }: { payload: { n: number } }) => ({ doubled: payload.n * 2 }),
      onStart: ({ payload, init, task: id, ctx }) => {
        seen.onStart = [payload.n, init?.doubled, id, ctx.attempt.number, ctx.run.tags];
      },
      run: async (payload: { n: number }, { init, ctx, signal }) => {
        seen.run = [init.doubled, ctx.task.id, signal.aborted];
        return payload.n + init.doubled;
      },
      onSuccess: ({ output }) => {
        seen.onSuccess = output;
      },
      onComplete: ({ result }) => {
        seen.onComplete = result;
      },
    });
    const { outcome } = await execute(told, { n: 2 }, { run: { tags: ["a"] } });
    expect(outcome).toMatchObject({ kind: "completed", value: 6 });
    expect(seen).toEqual({
      onStart: [2, 4, "told", 1, ["a"]],
      run: [4, "told", false],
      onSuccess: 6,
      onComplete: { ok: true, data: 6 },
    });
  });

  it("hands the very error that was thrown to onFailure and onComplete", async () => {
    const thrown = new TypeError("no");
    const seen: unknown[] = [];
    const failing = task({
      id: "failing",
      onFailure: ({ error }) => void seen.push(error),
      onComplete: ({ result }) => void seen.push(result.ok ? undefined : result.error),
      run: async () => {
        throw thrown;
      },
    });
    const { outcome } = await execute(failing, undefined);
    expect(seen).toEqual([thrown, thrown]);
    expect(outcome).toMatchObject({ kind: "failed", thrown, error: { name: "TypeError", message: "no" } });
  });

  it("merges plain init results and keeps an instance as it is", async () => {
    class Connection {}
    const connection = new Connection();
    useConfig({ project: "p", init: () => ({ a: 1, b: 1 }) });
    const plain = task({ id: "plain", init: () => ({ b: 2 }), run: async (_: undefined, { init }) => init });
    const instance = task({
      id: "instance",
      init: () => connection,
      run: async (_: undefined, { init }) => init === connection,
    });
    expect((await execute(plain, undefined)).outcome).toMatchObject({ value: { a: 1, b: 2 } });
    expect((await execute(instance, undefined)).outcome).toMatchObject({ value: true });
  });
});

describe("hooks that fail", () => {
  it.each(["init", "onStart", "onStartAttempt"] as const)(
    "%s fails the attempt, and run is not called",
    async (kind) => {
      let called = false;
      const failing = task({
        id: "failing",
        [kind]: () => {
          throw new Error(`${kind} broke`);
        },
        run: async () => {
          called = true;
        },
      });
      const { outcome } = await execute(failing, undefined);
      expect(outcome).toMatchObject({ kind: "failed", error: { message: `${kind} broke` } });
      expect(called).toBe(false);
    },
  );

  it.each(["onSuccess", "onComplete", "cleanup"] as const)(
    "L4 %s is reported, others run, and the outcome and its writes stand",
    async (kind) => {
      useConfig({
        project: "p",
        [kind]: () => {
          note("before the throw");
          throw new Error("broke");
        },
      });
      const good = task({ id: "good", [kind]: () => note("the task's own"), run: async () => "output" });
      const { outcome, document, warnings } = await execute(good, undefined);
      expect(outcome).toMatchObject({ kind: "completed", value: "output", flushed: true });
      expect(document.log).toEqual(["before the throw", "the task's own"]);
      expect(warnings).toMatchObject([
        { code: "HOOK_FAILED", message: expect.stringContaining(`${kind} of the config failed`) },
      ]);
    },
  );

  it("L4 onFailure is reported and the run fails with its own error", async () => {
    const failing = task({
      id: "failing",
      onFailure: () => Promise.reject(new Error("from the hook")),
      run: async () => {
        throw new Error("from the task");
      },
    });
    const { outcome, warnings } = await execute(failing, undefined);
    expect(outcome).toMatchObject({ kind: "failed", error: { message: "from the task" } });
    expect(warnings).toHaveLength(1);
  });

  it("L4 a hook that hangs is cut, others run, and what they write is stored", async () => {
    const clock = new ManualClock();
    tasks.onComplete("hung", () => new Promise(() => {}));
    const good = task({ id: "good", onComplete: () => note("after"), run: async () => {} });
    const done = execute(good, undefined, { clock });
    await clock.armed(60_000);
    await clock.advance(60_000);
    const { outcome, document, warnings } = await done;
    expect(outcome.kind).toBe("completed");
    expect(document.log).toEqual(["after"]);
    expect(warnings[0]?.message).toContain('global onComplete "hung" did not finish within 60000 ms');
    expect(clock.pending).toBe(0);
  });

  it("L4 flush() in a hook does not block the end of the run", async () => {
    const flushing = task({
      id: "flushing",
      onComplete: async () => {
        note("flushed");
        await currentScope()?.flusher.flush();
      },
      run: async () => note("run"),
    });
    const { document, warnings } = await execute(flushing, undefined);
    expect(document.log).toEqual(["run", "flushed"]);
    expect(warnings).toEqual([]);
  });

  it("reports a hook once an attempt, however often it fails", async () => {
    const waiting = task({
      id: "waiting",
      onWait: () => Promise.reject(new Error("no")),
      onResume: () => Promise.reject(new Error("no")),
      run: async () => {
        for (let times = 0; times < 3; times += 1) await wait.for({ seconds: 0 });
      },
    });
    const { outcome, warnings } = await execute(waiting, undefined);
    expect(outcome.kind).toBe("completed");
    expect(warnings.map(({ message }) => message.split(" ")[0])).toEqual(["onWait", "onResume"]);
  });

  it("survives an onWarning that throws", async () => {
    const failing = task({
      id: "failing",
      onComplete: () => Promise.reject(new Error("x")),
      run: async () => 1,
    });
    const onWarning = () => {
      throw new Error("listener");
    };
    expect((await execute(failing, undefined, { metadataOptions: { onWarning } })).outcome.kind).toBe(
      "completed",
    );
  });
});

describe("middleware", () => {
  it("wraps hooks and run, the config's outermost", async () => {
    const wrap =
      (who: string) =>
      async ({ next }: { next: () => Promise<void> }) => {
        note(`${who} in`);
        await next();
        note(`${who} out`);
      };
    useConfig({ project: "p", middleware: wrap("config") });
    tasks.middleware("global", wrap("global"));
    const wrapped = task({
      id: "wrapped",
      middleware: wrap("task"),
      onStart: () => note("onStart"),
      run: async () => note("run"),
    });
    const { document } = await execute(wrapped, undefined);
    expect(document.log).toEqual([
      "config in",
      "global in",
      "task in",
      "onStart",
      "run",
      "task out",
      "global out",
      "config out",
    ]);
  });

  it("lets next() resolve when run fails, and keeps the error of run", async () => {
    let after = false;
    const failing = task({
      id: "failing",
      middleware: async ({ next }) => {
        await next();
        after = true;
      },
      run: async () => {
        throw new Error("from run");
      },
    });
    expect((await execute(failing, undefined)).outcome).toMatchObject({ error: { message: "from run" } });
    expect(after).toBe(true);
  });

  it("fails the attempt when it throws before next(), with the failure hooks", async () => {
    const failing = task({
      id: "failing",
      middleware: async () => {
        throw new Error("no connection");
      },
      onFailure: ({ error }) => note(String(error)),
      run: async () => note("run"),
    });
    const { outcome, document } = await execute(failing, undefined);
    expect(outcome).toMatchObject({ kind: "failed", error: { message: "no connection" } });
    expect(document.log).toEqual(["Error: no connection"]);
  });

  it("fails the attempt when it throws after a successful run, and completes it once", async () => {
    const failing = task({
      id: "failing",
      middleware: async ({ next }) => {
        await next();
        throw new Error("commit failed");
      },
      onFailure: () => note("onFailure"),
      onComplete: () => note("onComplete"),
      cleanup: () => note("cleanup"),
      run: async () => note("run"),
    });
    const { outcome, document } = await execute(failing, undefined);
    expect(outcome).toMatchObject({ kind: "failed", error: { message: "commit failed" } });
    expect(document.log).toEqual(["run", "onComplete", "cleanup", "onFailure"]);
  });

  it("calls an inner middleware once however often next() is called", async () => {
    tasks.middleware(async ({ next }) => {
      await next();
      await next();
    });
    const inner = task({
      id: "inner",
      middleware: async ({ next }) => {
        note("inner");
        await next();
      },
      run: async () => {},
    });
    expect((await execute(inner, undefined)).document).toEqual({ log: ["inner"] });
  });

  it("runs the body once however often next() is called, and says so when it is never called", async () => {
    let calls = 0;
    const twice = task({
      id: "twice",
      middleware: async ({ next }) => {
        await Promise.all([next(), next()]);
      },
      run: async () => {
        calls += 1;
      },
    });
    const never = task({ id: "never", middleware: () => {}, run: async () => {} });
    await execute(twice, undefined);
    expect(calls).toBe(1);
    expect((await execute(never, undefined)).outcome).toMatchObject({
      kind: "failed",
      error: { message: expect.stringContaining("without calling next()") },
    });
  });

  it("is cut when it hangs: before next() the attempt fails and run is never called, after it the outcome stands", async () => {
    const clock = new ManualClock();
    let release: () => void = () => {};
    let called = false;
    const before = task({
      id: "before",
      middleware: async ({ next }) => {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        await next();
      },
      run: async () => {
        called = true;
      },
    });
    const first = execute(before, undefined, { clock });
    await clock.armed(60_000);
    await clock.advance(60_000);
    expect((await first).outcome).toMatchObject({ kind: "failed", error: { name: "HookTimeoutError" } });
    release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(called).toBe(false);

    let reach: () => void = () => {};
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const after = task({
      id: "after",
      middleware: async ({ next }) => {
        await next();
        reach();
        await new Promise(() => {});
      },
      run: async () => "done",
    });
    const second = execute(after, undefined, { clock });
    await reached;
    await clock.advance(60_000);
    const { outcome, warnings } = await second;
    expect(outcome).toMatchObject({ kind: "completed", value: "done" });
    expect(warnings).toMatchObject([{ code: "HOOK_FAILED" }]);
  });
});
