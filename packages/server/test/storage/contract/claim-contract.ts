import { describe, expect, test } from "vitest";
import type { Storage } from "../../../src/storage/storage.ts";
import { newRun } from "../new-run.ts";
import { dueIn } from "./due-in.ts";
import { ids } from "./ids.ts";

/** Runs that an engine takes, and holds. */
export function claimContract(storage: () => Storage): void {
  describe("claims", () => {
    const task = (name: string) => ({ engine: "inline" as const, holder: `h-${name}`, tasks: [name] });

    test("oldest first, up to the limit, each run once", async () => {
      const runs = Array.from({ length: 6 }, () => newRun({ task: "claim" }));
      await storage().insertRuns(runs);
      const first = await storage().claimRuns({ ...task("claim"), limit: 2 });
      expect(ids(first)).toEqual(ids(runs.slice(0, 2)));
      expect(first[0]).toMatchObject({ status: "DEQUEUED", holder: "h-claim" });
      expect(first[0]?.heartbeatAt).toBeInstanceOf(Date);
      const rest = await Promise.all(
        [1, 2, 3].map(() => storage().claimRuns({ ...task("claim"), limit: 3 })),
      );
      expect(ids(rest.flat()).sort()).toEqual(ids(runs.slice(2)).sort());
      expect(await storage().claimRuns({ ...task("claim"), limit: 3 })).toEqual([]);
    });

    test("priority moves a run forward by that many seconds", async () => {
      const [late, early] = [newRun({ task: "priority" }), newRun({ task: "priority", priority: 10 })];
      await storage().insertRuns([late, early]);
      expect(ids(await storage().claimRuns({ ...task("priority"), limit: 5 }))).toEqual([early.id, late.id]);
    });

    test("not those of another engine, another task, that wait, or that are past their ttl", async () => {
      const due = newRun({ task: "due" });
      await storage().insertRuns([
        newRun({ task: "due", engine: "none" }),
        newRun({ task: "not-due" }),
        newRun({ task: "due", delayUntil: dueIn(60_000) }),
        newRun({ task: "due", status: "DELAYED", delayUntil: dueIn(60_000) }),
        newRun({ task: "due", ttlSeconds: 0 }),
        due,
      ]);
      expect(ids(await storage().claimRuns({ ...task("due"), limit: 9 }))).toEqual([due.id]);
      const noTask = { engine: "bullmq" as const, holder: "h", limit: 1 };
      expect(await storage().claimRuns(noTask)).toEqual([]);
    });

    test("heartbeats keep what is held; silent runs are found", async () => {
      const runs = [newRun({ task: "held" }), newRun({ task: "held" }), newRun({ task: "held" })];
      await storage().insertRuns(runs);
      await storage().claimRuns({ ...task("held"), limit: 3 });
      const [lost, done, own] = ids(runs) as [string, string, string];
      await storage().transitionRun({ id: lost, from: ["DEQUEUED"], change: { holder: "thief" } });
      await storage().transitionRun({ id: done, from: ["DEQUEUED"], change: { status: "COMPLETED" } });
      expect(await storage().heartbeat("h-held", ids(runs))).toEqual([own]);
      const silent = async (since: Date | undefined) =>
        ids(await storage().findSilentRuns("inline", since)).filter(
          (id) => id === lost || id === done || id === own,
        );
      expect(await silent(dueIn(-60_000))).toEqual([]);
      expect(await silent(dueIn(60_000))).toEqual([lost, own]);
      expect(await silent(undefined)).toEqual([lost, own]);
    });

    test("nothing of a full queue, as a whole or for one concurrency key", async () => {
      const of = (queue?: string, concurrencyKey?: string) => newRun({ task: "full", queue, concurrencyKey });
      const [full, free, keyed, otherKey, none] = [
        of("full"),
        of("free"),
        of("keys", "a"),
        of("keys", "b"),
        of(),
      ];
      await storage().insertRuns([full, free, keyed, otherKey, none]);
      const claim = { ...task("full"), limit: 9 };
      const first = await storage().claimRuns({ ...claim, fullQueues: ["full", "keys\na"] });
      expect(ids(first)).toEqual(ids([free, otherKey, none]));
      expect(ids(await storage().claimRuns(claim))).toEqual(ids([full, keyed]));
    });

    test("a run that has begun once is past its ttl, and taken again", async () => {
      const run = newRun({ task: "again", ttlSeconds: 0 });
      await storage().insertRuns([run]);
      await storage().transitionRun({ id: run.id, from: ["QUEUED"], change: { attempt: 1 } });
      expect(ids(await storage().claimRuns({ ...task("again"), limit: 1 }))).toEqual([run.id]);
    });

    test("a heartbeat for one environment keeps only that one's, waiting runs included", async () => {
      const runs = ["one", "other"].map((environment) => newRun({ environment, task: "environments" }));
      await storage().insertRuns(runs);
      await storage().claimRuns({ ...task("environments"), limit: 2 });
      const [own = "", foreign = ""] = ids(runs);
      await storage().transitionRun({ id: own, from: ["DEQUEUED"], change: { status: "WAITING" } });
      const beat = (environment?: string) =>
        storage().heartbeat("h-environments", [own, foreign], environment);
      expect(await beat("one")).toEqual([own]);
      expect((await beat()).sort()).toEqual([own, foreign].sort());
      expect(await storage().heartbeat("somebody", [own])).toEqual([]);
      expect(await storage().heartbeat("h-environments", [])).toEqual([]);
    });

    test("silence is told by engine: a lease that was renewed is not silent, one never renewed is", async () => {
      const [renewed, silent, queued] = [1, 2, 3].map(() => newRun({ task: "leases", engine: "bullmq" }));
      await storage().insertRuns([renewed, silent, queued].filter((run) => run !== undefined));
      const begin = (id: string | undefined, heartbeatAt: Date) =>
        storage().transitionRun({
          id: id ?? "",
          from: ["QUEUED"],
          change: { status: "EXECUTING", holder: "gone", heartbeatAt },
        });
      await begin(renewed?.id, dueIn(-60_000));
      await begin(silent?.id, dueIn(-60_000));
      await storage().heartbeat("gone", [renewed?.id ?? ""]);
      const found = async (engine: "bullmq" | "inline") =>
        ids(await storage().findSilentRuns(engine, dueIn(-30_000))).filter((id) =>
          [renewed?.id, silent?.id, queued?.id].includes(id),
        );
      expect(await found("bullmq")).toEqual([silent?.id]);
      expect(await found("inline")).toEqual([]);
    });
  });
}
