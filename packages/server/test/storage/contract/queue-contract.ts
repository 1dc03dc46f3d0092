import { beforeAll, describe, expect, test } from "vitest";
import type { NewRun, QueuePlace, Storage } from "../../../src/storage/storage.ts";
import { newRun } from "../new-run.ts";
import { dueIn } from "./due-in.ts";
import { ids } from "./ids.ts";

const engine = "bullmq";

/** What an engine with a queue of its own needs: handing over, setting aside, limits that hold everywhere. */
export function queueContract(storage: () => Storage): void {
  const insert = async (changes: Partial<NewRun> = {}): Promise<string> => {
    const run = newRun({ engine, ...changes });
    await storage().insertRuns([run]);
    return run.id;
  };
  const dispatch = async (limit = 100) => ids(await storage().dispatchRuns({ engine, limit }));
  const dispatchLost = async (lostAfterMs: number, limit = 100) =>
    ids(await storage().dispatchRuns({ engine, limit, lostAfterMs }));
  const start = (id: string) =>
    storage().transitionRun({
      id,
      from: ["QUEUED"],
      ifQueueHasRoom: true,
      change: { status: "EXECUTING", attempt: 1, holder: "worker" },
    });
  const end = (id: string) =>
    storage().transitionRun({
      id,
      from: ["QUEUED", "EXECUTING", "WAITING"],
      change: { status: "COMPLETED", finishedAt: new Date(), holder: null },
    });
  const limit = (queue: string, concurrencyLimit: number | undefined, environment = "env") =>
    storage().announceTasks(environment, [], [{ queue, concurrencyLimit }]);

  describe("handing over", () => {
    // What other tests of this database have left would be handed over too.
    beforeAll(async () => void (await dispatch(1_000)));

    test("each due run once, the oldest first, up to the limit, with what its job says", async () => {
      const first = await insert({ task: "one" });
      const second = await insert({ priority: 0.5 });
      const third = await insert();
      expect(await storage().dispatchRuns({ engine, limit: 2 })).toEqual([
        { id: second, environment: "env", task: "import", attempt: 0, priority: 0.5 },
        { id: first, environment: "env", task: "one", attempt: 0, priority: 0 },
      ]);
      expect(await dispatch()).toEqual([third]);
      expect(await dispatch()).toEqual([]);
    });

    test("several servers at once never hand over the same run", async () => {
      const runs = Array.from({ length: 40 }, () => newRun({ engine }));
      await storage().insertRuns(runs);
      const handed = (await Promise.all([1, 2, 3, 4].map(() => dispatch(10)))).flat();
      const rest = await dispatch();
      expect([...handed, ...rest].sort()).toEqual(ids(runs).sort());
    });

    test("not what is another engine's, delayed, not due yet, or under way", async () => {
      await insert({ engine: "inline" });
      await insert({ status: "DELAYED", delayUntil: dueIn(60_000) });
      await insert({ delayUntil: dueIn(60_000) });
      await start(await insert());
      const due = await insert({ delayUntil: dueIn(-1_000) });
      expect(await dispatch()).toEqual([due]);
    });

    test("a run that is queued again is handed over again, with the attempt it has had", async () => {
      const id = await insert();
      await dispatch();
      await start(id);
      await storage().transitionRun({
        id,
        from: ["EXECUTING"],
        change: { status: "QUEUED", holder: null, delayUntil: dueIn(-1) },
      });
      expect(await storage().dispatchRuns({ engine, limit: 5 })).toMatchObject([{ id, attempt: 1 }]);
    });

    test("a delayed run is handed over once it is due", async () => {
      const id = await insert({ status: "DELAYED", delayUntil: dueIn(-1) });
      expect(await dispatch()).toEqual([]);
      await storage().promoteDueRuns(new Date());
      expect(await dispatch()).toEqual([id]);
    });

    test("what the queue may have lost is what was handed over so long ago and still waits", async () => {
      const [waits, begun, parked, fresh] = [await insert(), await insert(), await insert(), await insert()];
      await storage().dispatchRuns({ engine, limit: 3 });
      await start(begun);
      await storage().parkRun(parked);
      const own = (found: readonly string[]) =>
        found.filter((id) => [waits, begun, parked, fresh].includes(id));
      expect(own(await dispatchLost(60_000))).toEqual([]);
      expect(own(await dispatchLost(0))).toEqual([waits]);
      expect(await dispatch()).toEqual([fresh]);
      await end(parked);
    });

    test("all that may be lost have their turn, those that never begin too", async () => {
      for (const id of await dispatchLost(0)) await end(id);
      const runs: string[] = [];
      for (let count = 0; count < 3; count++) {
        runs.push(await insert());
        await dispatch();
      }
      expect(await dispatchLost(0, 2)).toEqual(runs.slice(0, 2));
      expect(await dispatchLost(0, 1)).toEqual(runs.slice(2));
      expect(await dispatchLost(0, 2)).toEqual(runs.slice(0, 2));
      expect(await dispatchLost(60_000)).toEqual([]);
    });
  });

  describe("limits of queues", () => {
    test("of many that begin at once no more than the limit do, each concurrency key for itself", async () => {
      await limit("limited", 2);
      const of = (concurrencyKey?: string) =>
        Promise.all(Array.from({ length: 5 }, () => insert({ queue: "limited", concurrencyKey })));
      const [plain, keyed] = [await of(), await of("a")];
      const started = await Promise.all([...plain, ...keyed].map((id) => start(id)));
      const begun = started.flatMap((run) => (run === undefined ? [] : [run.concurrencyKey ?? ""]));
      expect(begun.sort()).toEqual(["", "", "a", "a"]);
      for (const id of [...plain, ...keyed]) await end(id);
    });

    test("one that ends or waits makes room; one that wants to go on has its place kept", async () => {
      await limit("turns", 1);
      const [first, second, third] = [
        await insert({ queue: "turns" }),
        await insert({ queue: "turns" }),
        await insert({ queue: "turns" }),
      ];
      expect(await start(first)).toBeDefined();
      expect(await start(second)).toBeUndefined();
      await storage().transitionRun({ id: first, from: ["EXECUTING"], change: { status: "WAITING" } });
      expect(await start(second)).toBeDefined();
      const resume = () =>
        storage().transitionRun({
          id: first,
          from: ["WAITING"],
          ifQueueHasRoom: true,
          change: { status: "EXECUTING" },
        });
      expect(await resume()).toBeUndefined();
      await storage().parkRun(first);
      await end(second);
      expect(await start(third)).toBeUndefined();
      expect(await resume()).toMatchObject({ status: "EXECUTING" });
    });

    test("hold in their environment, for as long as workers say so", async () => {
      await limit("told", 0);
      await limit("told", 5, "other");
      const id = await insert({ queue: "told" });
      const other = await insert({ queue: "told", environment: "other" });
      expect(await start(id)).toBeUndefined();
      expect(await start(other)).toBeDefined();
      await limit("told", undefined);
      expect(await start(id)).toBeDefined();
    });

    test("a run without a queue is in its task's own", async () => {
      await limit("task/alone", 0);
      expect(await start(await insert({ task: "alone" }))).toBeUndefined();
      expect(await start(await insert({ task: "alone", queue: "another" }))).toBeDefined();
    });
  });

  describe("runs that are set aside", () => {
    const place = (queue: string, concurrencyKey = ""): QueuePlace => ({
      environment: "env",
      queue,
      concurrencyKey,
    });
    const parked = async (changes: Partial<NewRun>) => {
      const id = await insert(changes);
      await dispatch();
      await storage().parkRun(id);
      return id;
    };

    test("wait until their own queue has room, then as many as it has room for, the oldest first", async () => {
      await limit("narrow", 2);
      const executing = await insert({ queue: "narrow" });
      await start(executing);
      const waiting = [await parked({ queue: "narrow" }), await parked({ queue: "narrow" })];
      const other = await parked({ queue: "narrow", concurrencyKey: "k" });
      expect(await dispatch()).toEqual([]);
      expect(await storage().wakeParkedRuns(engine, place("narrow"))).toBe(1);
      expect(await dispatch()).toEqual(waiting.slice(0, 1));
      await start(waiting[0] ?? "");
      expect(await storage().wakeParkedRuns(engine, place("narrow"))).toBe(0);
      await end(executing);
      expect(await storage().wakeParkedRuns(engine, place("narrow"))).toBe(1);
      expect(await dispatch()).toEqual(waiting.slice(1));
      expect(await storage().wakeParkedRuns(engine, place("narrow", "k"))).toBe(1);
      expect(await dispatch()).toEqual([other]);
    });

    test("of all queues at once, each by its own room; without a limit all of them", async () => {
      await limit("room-1", 1);
      await limit("room-0", 0);
      const one = await parked({ queue: "room-1" });
      await parked({ queue: "room-1" });
      await parked({ queue: "room-0" });
      const free = [await parked({ queue: "free" }), await parked({ queue: "free" })];
      expect(await storage().wakeParkedRuns("inline")).toBe(0);
      expect(await storage().wakeParkedRuns(engine)).toBe(3);
      expect(await dispatch()).toEqual([one, ...free]);
    });

    test("only while they wait: one that executes stays where it is", async () => {
      const id = await insert({ queue: "busy" });
      await dispatch();
      await start(id);
      await storage().parkRun(id);
      await storage().transitionRun({ id, from: ["EXECUTING"], change: { status: "QUEUED", holder: null } });
      expect(await dispatch()).toEqual([id]);
    });

    test("S2 names with NUL are places too", async () => {
      const id = await parked({ queue: "q\0", concurrencyKey: "k\0" });
      expect(await storage().wakeParkedRuns(engine, place("q\0", "k\0"))).toBe(1);
      expect(await dispatch()).toEqual([id]);
    });
  });

  test("what workers say about a task is known until they say something else", async () => {
    const announce = (ttl: string | number | undefined, queue: string | undefined) =>
      storage().announceTasks("env", [{ task: "announced\0", queue, ttl }], []);
    const find = (environment = "env") => storage().findTaskDefaults(environment, "announced\0");
    expect(await find()).toBeUndefined();
    await announce("60", "mail");
    expect(await find()).toEqual({ task: "announced\0", queue: "mail", ttl: "60" });
    await announce(60, undefined);
    expect(await find()).toEqual({ task: "announced\0", queue: undefined, ttl: 60 });
    expect(await find("other")).toBeUndefined();
    await Promise.all([1, 2, 3, 4].map((ttl) => announce(ttl, undefined)));
    expect((await find())?.ttl).toBeOneOf([1, 2, 3, 4]);
  });
}
