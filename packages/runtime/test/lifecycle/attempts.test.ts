import { afterEach, describe, expect, it } from "vitest";
import { clearProcessRegistry } from "../../src/lifecycle/process-registry.ts";
import { runAttempts } from "../../src/lifecycle/run-attempts.ts";
import { task } from "../../src/lifecycle/task.ts";
import { requireTask } from "../../src/lifecycle/task-registry.ts";
import { metadata } from "../../src/metadata.ts";
import type { Target } from "../../src/target/target.ts";
import { describeRun, execute } from "./execute.ts";
import { ManualClock } from "./manual-clock.ts";

afterEach(clearProcessRegistry);

describe("attempts", () => {
  it("L6 each attempt starts from the stored document; waits grow on the clock", async () => {
    const clock = new ManualClock();
    const seen: unknown[] = [];
    const third = task({
      id: "third",
      retry: { maxAttempts: 3, minTimeoutInMs: 100, factor: 3, randomize: false },
      run: async (_: undefined, { ctx }) => {
        seen.push([ctx.attempt.number, metadata.get("count"), clock.now()]);
        metadata.increment("count", 1);
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
        metadata.increment("count", 1);
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
        seen.push(metadata.current());
        metadata.set(`attempt ${ctx.attempt.number}`, true);
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
