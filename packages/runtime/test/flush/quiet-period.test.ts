import { manualClock } from "@runmeta/testing";
import { describe, expect, it } from "vitest";
import { memoryTarget, metadata, type Target, withRun } from "../../src/index.ts";

/** Opens a run that writes one key and stays open until it is told to end. */
function openRun(clock: ReturnType<typeof manualClock>, target: Target = memoryTarget()) {
  let finish: () => void = () => {};
  const ended = withRun({ clock, target }, () => {
    metadata.set("step", 1);
    return new Promise<void>((resolve) => (finish = resolve));
  });
  return { target, ended, finish: () => finish() };
}

const documentsOf = (runs: readonly { target: Target }[]) =>
  runs.map(({ target }) => (target as ReturnType<typeof memoryTarget>).document());

describe("the quiet period of many runs", () => {
  it("is one timer for all that begin to write in the same millisecond, and each is delivered when it is over", async () => {
    const clock = manualClock();
    const first = Array.from({ length: 50 }, () => openRun(clock));
    expect(clock.pendingTimers).toHaveLength(1);
    await clock.advance(100);
    const later = openRun(clock);
    expect(clock.pendingTimers.map(({ at }) => at)).toEqual([250, 350]);
    await clock.advance(150);
    expect(documentsOf(first)).toEqual(first.map(() => ({ step: 1 })));
    expect(documentsOf([later])).toEqual([{}]);
    await clock.advance(100);
    expect(documentsOf([later])).toEqual([{ step: 1 }]);
    for (const run of [...first, later]) run.finish();
    await Promise.all([...first, later].map((run) => run.ended));
  });

  it("goes on for the others when some have ended, and its timer goes with the last", async () => {
    const clock = manualClock();
    const runs = [openRun(clock), openRun(clock)] as const;
    runs[0].finish();
    await runs[0].ended;
    expect(documentsOf(runs)).toEqual([{ step: 1 }, {}]);
    expect(clock.pendingTimers).toHaveLength(1);
    runs[1].finish();
    await runs[1].ended;
    expect(clock.pendingTimers).toEqual([]);
    // One that writes in the same millisecond does not wait for a timer that is gone.
    const next = openRun(clock);
    await clock.advance(250);
    expect(documentsOf([next])).toEqual([{ step: 1 }]);
    next.finish();
    await next.ended;
  });

  it("is each run's own where their `debounceMs` differ", async () => {
    const clock = manualClock();
    const targets = [memoryTarget(), memoryTarget()];
    let finish: () => void = () => {};
    const end = new Promise<void>((resolve) => (finish = resolve));
    const runs = [10, 20].map((debounceMs, index) =>
      withRun({ clock, target: targets[index], flush: { debounceMs } }, () => {
        metadata.set("step", 1);
        return end;
      }),
    );
    await clock.advance(10);
    expect(targets.map((target) => target.document())).toEqual([{ step: 1 }, {}]);
    await clock.advance(10);
    expect(targets.map((target) => target.document())).toEqual([{ step: 1 }, { step: 1 }]);
    finish();
    await Promise.all(runs);
  });

  it("a target that breaks its contract takes nobody else's turn", async () => {
    const clock = manualClock();
    const broken = openRun(clock, {
      ...memoryTarget(),
      encode: () => {
        throw new Error("no");
      },
    });
    const sound = openRun(clock);
    await clock.advance(250);
    expect(documentsOf([sound])).toEqual([{ step: 1 }]);
    for (const run of [broken, sound]) run.finish();
    await Promise.all([broken.ended, sound.ended]);
  });
});
