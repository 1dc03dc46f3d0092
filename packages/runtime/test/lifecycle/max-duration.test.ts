import { afterEach, describe, expect, it } from "vitest";
import { MaxDurationError } from "../../src/errors.ts";
import { clearProcessRegistry } from "../../src/lifecycle/process-registry.ts";
import { task } from "../../src/lifecycle/task.ts";
import { useConfig } from "../../src/lifecycle/use-config.ts";
import { metadata } from "../../src/metadata.ts";
import { aborted } from "./aborted.ts";
import { execute } from "./execute.ts";
import { gate } from "./gate.ts";
import { ManualClock } from "./manual-clock.ts";

afterEach(clearProcessRegistry);

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
          metadata.set("last words", signal.reason.name);
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
        late = opened.then(() => void metadata.set("late", true));
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
