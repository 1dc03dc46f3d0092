import { expect, test } from "vitest";
import { systemClock } from "../../src/service/clock.ts";
import { KeyedLock } from "../../src/service/keyed-lock.ts";
import { RunChanges } from "../../src/service/run-changes.ts";
import { ShiftedClock } from "../server/shifted-clock.ts";

test("a wait begun before a change sees it; others' changes do not wake it", async () => {
  const clock = new ShiftedClock();
  const changes = new RunChanges(clock);
  const mine = changes.next("run_a", 1000);
  changes.publish(["run_b"]);
  changes.publish(["run_a"]);
  expect(await mine.changed).toBe(true);
  const late = changes.next("run_a", 1000);
  changes.publish(["run_b"]);
  clock.advance(1001);
  expect(await late.changed).toBe(false);
});

test("an abort, a stop and a close end a wait as time does", async () => {
  const changes = new RunChanges(systemClock);
  const controller = new AbortController();
  const aborted = changes.next("run_a", 60_000, controller.signal);
  controller.abort();
  expect(await aborted.changed).toBe(false);
  expect(await changes.next("run_a", 60_000, controller.signal).changed).toBe(false);
  const stopped = changes.next("run_a", 60_000);
  stopped.stop();
  expect(await stopped.changed).toBe(false);
  const closed = changes.next("run_a", 60_000);
  changes.close();
  expect(await closed.changed).toBe(false);
  expect(await changes.next("run_a", 60_000).changed).toBe(false);
});

test("a listener that throws stops neither the others nor the waits", async () => {
  const changes = new RunChanges(systemClock);
  const seen: string[] = [];
  changes.subscribe(() => {
    throw new Error("listener");
  });
  const end = changes.subscribe((ids) => seen.push(...ids));
  const wait = changes.next("run_a", 60_000);
  changes.publish(["run_a"]);
  expect(await wait.changed).toBe(true);
  end();
  changes.publish(["run_b"]);
  expect(seen).toEqual(["run_a"]);
});

test("one caller at a time works on a key, whatever the others do, and in any order of keys", async () => {
  const lock = new KeyedLock();
  const order: string[] = [];
  const work = (name: string, keys: string[], fails = false) =>
    lock.run(keys, async () => {
      order.push(`${name} in`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${name} out`);
      if (fails) throw new Error(name);
    });
  const results = await Promise.allSettled([
    work("1", ["a", "b"], true),
    work("2", ["b", "a"]),
    work("3", ["a"]),
    work("4", ["a", "a"]),
  ]);
  expect(results.map((result) => result.status)).toEqual(["rejected", "fulfilled", "fulfilled", "fulfilled"]);
  for (let index = 0; index < order.length; index += 2) {
    expect(order[index + 1]).toBe(order[index]?.replace("in", "out"));
  }
  expect(order).toHaveLength(8);
});
