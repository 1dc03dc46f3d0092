import { afterEach, describe, expect, it } from "vitest";
import { RunCancelledError } from "../../src/errors.ts";
import { currentRun } from "../../src/lifecycle/current-run.ts";
import { clearProcessRegistry } from "../../src/lifecycle/process-registry.ts";
import { task } from "../../src/lifecycle/task.ts";
import { wait } from "../../src/lifecycle/wait.ts";
import { metadata } from "../../src/metadata.ts";
import type { Target } from "../../src/target/target.ts";
import { aborted } from "./aborted.ts";
import { describeRun, execute } from "./execute.ts";
import { gate } from "./gate.ts";
import { ManualClock } from "./manual-clock.ts";

afterEach(clearProcessRegistry);

describe("cancel", () => {
  it("L5 tells run by its signal, lets onCancel see its own run, and stores what is pending", async () => {
    const cancel = new AbortController();
    const { opened: running, open } = gate();
    const called: string[] = [];
    const long = task({
      id: "long",
      run: async (_: undefined, { signal }) => {
        metadata.set("step", 1);
        open();
        await aborted(signal);
      },
      onCancel: async ({ runPromise, ctx }) => {
        metadata.set("seen", [metadata.get("step"), ctx.run.id === currentRun()?.id]);
        await runPromise.catch((error: unknown) => metadata.set("ended by", (error as Error).name));
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
        metadata.set("first", 1);
        void metadata.flush();
        await sent;
        metadata.set("second", 2);
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
        metadata.set("cleaned up", true);
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
