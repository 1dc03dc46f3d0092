import { metadata, task, wait } from "@runmeta/runtime";
import { describe, expect, test } from "vitest";
import { assertNoLeftovers, hangs, manualClock, mockRun, runTask, scriptedEndpoint } from "../src/index.ts";

describe("leftovers", () => {
  test("a wait that nobody awaited, of a child as well", async () => {
    const child = task({ id: "leftovers-child", run: () => void wait.for({ minutes: 1 }) });
    const run = await mockRun({}, async () => void (await child.triggerAndWait()));
    expect(run.leftovers).toEqual([]);
    expect(run.children[0]?.leftovers).toMatchObject([{ kind: "timer" }]);
    expect(() => assertNoLeftovers(run)).toThrow(
      /^something in run run_\w+ still waits 60000 ms on its clock/,
    );
  });

  test("a write after the run has closed, also when it comes later", async () => {
    let late: () => void = () => {};
    const run = await mockRun({}, () => {
      const settled = new Promise<void>((resolve) => {
        late = resolve;
      });
      void settled.then(() => metadata.set("late", true).replace({}));
    });
    assertNoLeftovers(run);
    late();
    await Promise.resolve();
    expect(run.leftovers.map(({ kind, message }) => [kind, message])).toEqual([
      ["late-write", expect.stringContaining('"late" of run run_1 was written after the run had closed')],
      ["late-write", expect.stringContaining("the whole document of run run_1")],
    ]);
    expect(run.drops).toMatchObject([{ reason: "closed" }, { reason: "closed" }]);
  });

  test("a write of an attempt that is over", async () => {
    const overlapping = task({
      id: "leftovers-overlapping",
      retry: { maxAttempts: 2, minTimeoutInMs: 1_000, randomize: false },
      run: (_: unknown, { ctx }) => {
        if (ctx.attempt.number > 1) return;
        void wait.for({ seconds: 0.5 }).then(() => metadata.set("late", true));
        throw new Error("first");
      },
    });
    const run = await runTask(overlapping, undefined);
    expect(run.leftovers).toMatchObject([{ kind: "late-write" }]);
    expect(run.metadata).toEqual({});
  });

  test("what the runtime itself still tries to deliver is none, nor are other runs on the clock", async () => {
    const clock = manualClock();
    const endpoint = scriptedEndpoint([], { otherwise: hangs() });
    const undelivered = await mockRun({ endpoint }, () => void metadata.set("a", 1));
    assertNoLeftovers(undelivered);
    const waiting = mockRun({ clock }, () => wait.for({ seconds: 1 }));
    assertNoLeftovers(await mockRun({ clock }, () => void metadata.set("a", 1)));
    await clock.advance(1_000);
    assertNoLeftovers(await waiting);
  });
});
