import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../src/service/clock.ts";
import { RunFeed } from "../../src/service/realtime/run-feed.ts";
import { RunChanges } from "../../src/service/run-changes.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { testStorage } from "../server/test-storage.ts";
import { newRun } from "../storage/new-run.ts";

let storage: Storage;
beforeAll(async () => {
  storage = testStorage();
  await storage.open();
});
afterAll(() => storage.close());

/** A feed that counts how often it reads runs or groups. */
function countedFeed() {
  const counter = { reads: 0 };
  const counted = <Arguments extends unknown[], Result>(read: (...parameters: Arguments) => Result) => {
    return (...parameters: Arguments): Result => {
      counter.reads++;
      return read(...parameters);
    };
  };
  const changes = new RunChanges(systemClock);
  const feed = new RunFeed({
    storage: {
      findRuns: counted(storage.findRuns.bind(storage)),
      findMemberships: storage.findMemberships.bind(storage),
      readGroup: counted(storage.readGroup.bind(storage)),
    },
    changes,
    clock: systemClock,
  });
  return { feed, changes, counter };
}

test("however many wait for a run, a change is read once and written once", async () => {
  const run = newRun();
  await storage.insertRuns([run]);
  const { feed, changes, counter } = countedFeed();
  const version = (await feed.run(run.environment, run.id))?.value.version ?? -1;
  counter.reads = 0;
  const waits = Array.from({ length: 500 }, () => feed.runAfter(run.environment, run.id, version, 60_000));
  // A read that begins after theirs: theirs are over, and all of them wait.
  await feed.run(run.environment, run.id);
  expect(counter.reads).toBeLessThanOrEqual(2);
  counter.reads = 0;
  await storage.transitionRun({ id: run.id, from: ["QUEUED"], change: { tags: ["new"] } });
  changes.publish([run.id]);
  let written = 0;
  const texts = (await Promise.all(waits)).map((found) =>
    found?.text("tags", ({ tags }) => {
      written++;
      return tags.join();
    }),
  );
  expect(texts).toEqual(texts.map(() => "new"));
  expect({ ...counter, written }).toEqual({ reads: 1, written: 1 });
});

test("who looks and then waits reads once, and misses nothing that happens in between", async () => {
  const run = newRun();
  await storage.insertRuns([run]);
  const { feed, changes, counter } = countedFeed();
  const quiet = feed.follow(run.environment, run.id, 60_000);
  const { version = -1 } = (await quiet.run)?.value ?? {};
  const next = quiet.after(version);
  const missed = feed.follow(run.environment, run.id, 60_000);
  await missed.run;
  expect(counter.reads).toBe(2);
  await storage.transitionRun({ id: run.id, from: ["QUEUED"], change: { tags: ["new"] } });
  changes.publish([run.id]);
  const found = await Promise.all([next, missed.after(version)]);
  expect(found.map((newer) => newer?.value.tags)).toEqual([["new"], ["new"]]);
});

test("who has gone, and who is sent away by a server that closes, is not looked for in the storage again", async () => {
  const run = newRun();
  await storage.insertRuns([run]);
  const { feed, changes, counter } = countedFeed();
  const { environment, id } = run;
  const version = (await feed.run(environment, id))?.value.version ?? -1;
  const gone = new AbortController();
  const leaving = feed.runAfter(environment, id, version, 60_000, gone.signal);
  const staying = feed.runAfter(environment, id, version, 60_000);
  // A read that begins after theirs: both wait by now.
  await feed.run(environment, id);
  counter.reads = 0;
  gone.abort();
  expect(await leaving).toBeUndefined();
  changes.close();
  feed.close();
  expect(await staying).toBeUndefined();
  expect(counter.reads).toBe(0);
});

test("there is room for so many and no more", () => {
  const feed = new RunFeed({
    storage,
    changes: new RunChanges(systemClock),
    clock: systemClock,
    maxSubscribers: 2,
  });
  const leave = feed.enter();
  expect(feed.full).toBe(false);
  feed.enter();
  expect(feed.full).toBe(true);
  leave();
  expect(feed.full).toBe(false);
});
