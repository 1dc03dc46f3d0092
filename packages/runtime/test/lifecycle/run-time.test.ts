import { afterEach, describe, expect, it } from "vitest";
import { AbortTaskRunError, CompleteTaskWithOutput, OutOfMemoryError } from "../../src/errors.ts";
import { heartbeats } from "../../src/lifecycle/heartbeats.ts";
import { clearProcessRegistry } from "../../src/lifecycle/process-registry.ts";
import { task } from "../../src/lifecycle/task.ts";
import { timeout } from "../../src/lifecycle/timeout.ts";
import { usage } from "../../src/lifecycle/usage.ts";
import { wait } from "../../src/lifecycle/wait.ts";
import { execute } from "./execute.ts";
import { ManualClock } from "./manual-clock.ts";

afterEach(clearProcessRegistry);

describe("CompleteTaskWithOutput", () => {
  it("ends the run as completed, with hooks for a success, from wherever it is thrown", async () => {
    const told: unknown[] = [];
    const deep = () => {
      throw new CompleteTaskWithOutput({ found: new Date(0) });
    };
    const search = task({
      id: "search",
      onSuccess: ({ output }) => void told.push(output),
      onFailure: () => void told.push("failed"),
      run: async (): Promise<unknown> => deep(),
    });
    const { outcome } = await execute(search, undefined);
    expect(outcome).toMatchObject({ kind: "completed", value: { found: new Date(0) } });
    expect(told).toEqual([{ found: new Date(0) }]);
  });

  it("AbortTaskRunError and OutOfMemoryError fail it, and only the second is tried again", async () => {
    const retry = { maxAttempts: 2 };
    const abort = task({
      id: "abort",
      retry,
      run: async () => Promise.reject(new AbortTaskRunError("enough")),
    });
    const full = task({ id: "full", retry, run: async () => Promise.reject(new OutOfMemoryError()) });
    expect((await execute(abort, undefined)).outcome).toMatchObject({ kind: "failed", reason: "aborted" });
    const { outcome } = await execute(full, undefined);
    expect(outcome).toMatchObject({ kind: "failed", retryAfterMs: expect.any(Number) });
  });
});

describe("usage", () => {
  it("tells how long the attempt and a part of it took, on the run's clock", async () => {
    const clock = new ManualClock();
    const measured = task({
      id: "measured",
      run: async () => {
        await wait.for({ seconds: 2 });
        const part = await usage.measure(() => wait.for({ seconds: 3 }).then(() => "done"));
        return { part, now: usage.getCurrent() };
      },
    });
    const done = execute(measured, undefined, { clock });
    await clock.armed(2_000);
    await clock.advance(2_000);
    await clock.armed(3_000);
    await clock.advance(3_000);
    const attempt = { costInCents: 0, durationMs: 5_000 };
    expect((await done).outcome).toMatchObject({
      value: {
        part: { result: "done", compute: { costInCents: 0, durationMs: 3_000 } },
        now: { compute: { attempt, total: attempt }, baseCostInCents: 0, totalCostInCents: 0 },
      },
    });
  });

  it("is 0 outside a run", () => {
    expect(usage.getCurrent().compute.attempt).toEqual({ costInCents: 0, durationMs: 0 });
  });
});

describe("timeout", () => {
  it("None lifts the config's limit, and signal is the run's", async () => {
    const clock = new ManualClock();
    const long = task({
      id: "long",
      maxDuration: timeout.None,
      run: async (_: undefined, { signal }) => {
        await wait.for({ days: 2 });
        return signal === timeout.signal;
      },
    });
    const done = execute(long, undefined, { clock, config: { project: "proj_1", maxDuration: 60 } });
    await clock.armed(2 * 86_400_000);
    await clock.advance(2 * 86_400_000);
    expect((await done).outcome).toMatchObject({ kind: "completed", value: true });
    expect(timeout.signal).toBeUndefined();
  });
});

describe("heartbeats", () => {
  it("yield lets what waits in the process go on while a task computes", async () => {
    let over = false;
    setTimeout(() => {
      over = true;
    }, 0);
    let turns = 0;
    while (!over) {
      turns += 1;
      await heartbeats.yield();
    }
    expect(turns).toBeGreaterThan(0);
    expect(heartbeats.getLastHeartbeat()).toBeUndefined();
  });
});
