import type { RunStatus } from "@runmeta/runtime/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Storage } from "../../src/storage/storage.ts";
import { newRun } from "./new-run.ts";

/** A storage to test, and how to get rid of it again. */
export interface StorageFixture {
  readonly storage: Storage;
  dispose(): Promise<void>;
}

const NASTY = JSON.stringify({
  nul: "a\0b",
  lone: "\ud800",
  "\udfff": 1,
  text: 'q"\\\\u0000 é 😀 \u2028',
  deep: [[{}]],
});

/** What every storage must do, whatever is below it. */
export function storageContract(name: string, create: () => Promise<StorageFixture>): void {
  describe(`storage contract on ${name}`, () => {
    let fixture: StorageFixture;
    let storage: Storage;
    beforeAll(async () => {
      fixture = await create();
      storage = fixture.storage;
      await storage.open();
    });
    afterAll(async () => {
      await storage?.close();
      await fixture?.dispose();
    });

    const ids = (rows: readonly { id: string }[]) => rows.map((row) => row.id);
    const dueIn = (ms: number) => new Date(Date.now() + ms);

    describe("runs", () => {
      test("gives a run back as it was inserted", async () => {
        const run = newRun({
          metadata: NASTY,
          payload: { data: 'text with NUL \0 and "quotes" \ud800', dataType: "text/plain" },
          tags: ["a,b", 'q"uote', "{brace}", "", "null"],
          parentId: "run_parent",
          rootId: "run_root",
          depth: 2,
          batchId: "batch_1",
          idempotencyKey: "hash",
          idempotencyKeyExpiresAt: dueIn(60_000),
          idempotencyKeyOptions: { key: "my key\0", scope: "run" },
          requestKey: "request",
          delayUntil: dueIn(-1_000),
          ttlSeconds: 1_000,
          ttlText: "1000s",
          maxAttempts: 3,
          maxDurationSeconds: 1.5,
          queue: "queue",
          concurrencyKey: "key",
          priority: -2,
          isTest: true,
          machine: "micro",
          lockedVersion: "v1",
          region: "eu",
        });
        const [inserted] = await storage.insertRuns([run]);
        const { payload, ...rest } = run;
        expect(inserted).toMatchObject(rest);
        expect(await storage.findRun("env", run.id)).toEqual({ ...inserted, payload, output: undefined });
        expect(inserted).toMatchObject({ attempt: 0, interruptions: 0, version: 0, status: "QUEUED" });
        expect(inserted?.createdAt).toBeInstanceOf(Date);
        expect(Math.abs((inserted?.createdAt.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
      });

      test("leaves absent fields undefined", async () => {
        const run = newRun({ payload: { data: undefined, dataType: "application/json" } });
        await storage.insertRuns([run]);
        const row = await storage.findRun("env", run.id);
        expect(row?.payload).toEqual({ data: undefined, dataType: "application/json" });
        for (const field of [
          "parentId",
          "queue",
          "ttlSeconds",
          "ttlText",
          "holder",
          "error",
          "isTest",
          "delayUntil",
        ] as const) {
          expect(row?.[field], field).toBeUndefined();
        }
      });

      test("keeps the run that is there when an id comes again", async () => {
        const run = newRun({ metadata: '{"first":true}' });
        const other = newRun();
        await storage.insertRuns([run]);
        const again = await storage.insertRuns([
          { ...run, metadata: '{"second":true}', task: "other" },
          other,
        ]);
        expect(ids(again)).toEqual([other.id]);
        expect(await storage.findRun("env", run.id)).toMatchObject({
          metadata: '{"first":true}',
          task: "import",
        });
        const twin = newRun();
        expect(await storage.insertRuns([twin, { ...twin, metadata: '{"twin":true}' }])).toHaveLength(1);
        expect((await storage.findRun("env", twin.id))?.metadata).toBe("{}");
      });

      test("does not find the runs of another environment", async () => {
        const run = newRun({ environment: "mine" });
        await storage.insertRuns([run]);
        expect(await storage.findRun("theirs", run.id)).toBeUndefined();
        expect(await storage.findRuns("theirs", [run.id])).toEqual([]);
        expect(ids(await storage.findRuns("mine", [run.id, "run_none"]))).toEqual([run.id]);
      });

      test("S2 names with NUL or lone surrogates never fail a statement", async () => {
        const run = newRun({ task: "t\0", tags: ["x\0y", "\ud800"], queue: "q\0", idempotencyKey: "k\0" });
        await storage.insertRuns([run]);
        expect(ids(await storage.listRuns({ environment: "env", limit: 5, tags: ["x\0y"] }))).toEqual([
          run.id,
        ]);
        expect((await storage.findRunByIdempotencyKey("env", "t\0", "k\0"))?.id).toBe(run.id);
        expect(await storage.findRun("env", "run_\0")).toBeUndefined();
      });

      test("nothing in a value reaches the statement", async () => {
        const evil = `'); DROP TABLE runs; -- $1 $runmeta$`;
        const run = newRun({ task: evil, tags: [evil], metadata: JSON.stringify({ [evil]: evil }) });
        await storage.insertRuns([run]);
        expect(await storage.findRun("env", run.id)).toMatchObject({
          task: evil,
          tags: [evil],
          metadata: run.metadata,
        });
      });

      test("R8 any text of a packet, and any document, survives as it is", async () => {
        const texts = fc.sample(fc.string({ unit: "binary", maxLength: 60 }), { numRuns: 150, seed: 7 });
        const documents = fc.sample(fc.jsonValue({ stringUnit: "binary" }), {
          numRuns: 150,
          seed: 8,
        });
        const runs = texts.map((text, index) =>
          newRun({
            payload: { data: text, dataType: "text/plain" },
            metadata: JSON.stringify({ [text]: documents[index], lone: "\ud800".repeat(index % 3) }),
          }),
        );
        await storage.insertRuns(runs);
        const writes = runs.map(({ id, metadata }) => ({
          id,
          expectedVersion: 0,
          metadata,
          dedupe: metadata,
        }));
        expect(await storage.writeDocuments(writes)).toBe(true);
        const found = new Map((await storage.findRuns("env", ids(runs))).map((row) => [row.id, row]));
        const dedupe = new Map((await storage.readDocuments(ids(runs))).map((row) => [row.id, row.dedupe]));
        for (const { id, payload, metadata } of runs) {
          expect(found.get(id)).toMatchObject({ payload, metadata, version: 1 });
          expect(dedupe.get(id)).toBe(metadata);
        }
      });

      test("inserts nothing for nothing", async () => {
        expect(await storage.insertRuns([])).toEqual([]);
        expect(await storage.findRuns("env", [])).toEqual([]);
        expect(await storage.readDocuments([])).toEqual([]);
        expect(await storage.writeDocuments([])).toBe(true);
      });
    });

    describe("lists", () => {
      const environment = "lists";
      const runs = Array.from({ length: 7 }, (_, index) =>
        newRun({
          environment,
          task: index % 2 ? "odd" : "even",
          tags: [`t${index}`, "all"],
          queue: `q${index}`,
          batchId: index < 2 ? "b" : undefined,
          rootId: index > 4 ? "run_r" : undefined,
          parentId: index > 4 ? "run_p" : undefined,
          isTest: index === 3,
        }),
      );
      const newestFirst = ids(runs).reverse();
      beforeAll(async () => {
        await storage.insertRuns(runs);
      });

      test("newest first, also within one call, with cursors in both directions", async () => {
        expect(ids(await storage.listRuns({ environment, limit: 100 }))).toEqual(newestFirst);
        const page = await storage.listRuns({ environment, limit: 3 });
        expect(ids(page)).toEqual(newestFirst.slice(0, 3));
        const next = await storage.listRuns({ environment, limit: 3, after: page[2]?.id });
        expect(ids(next)).toEqual(newestFirst.slice(3, 6));
        expect(ids(await storage.listRuns({ environment, limit: 2, before: next[0]?.id }))).toEqual(
          newestFirst.slice(1, 3),
        );
        expect(await storage.listRuns({ environment, limit: 3, after: "run_unknown" })).toEqual([]);
      });

      test("every filter", async () => {
        const list = async (filter: object) =>
          ids(await storage.listRuns({ environment, limit: 100, ...filter })).sort();
        const expected = (choose: (index: number) => boolean) =>
          ids(runs.filter((_, index) => choose(index))).sort();
        expect(await list({ tasks: ["odd", "none"] })).toEqual(expected((index) => index % 2 === 1));
        expect(await list({ tags: ["t1", "t2"] })).toEqual(expected((index) => index === 1 || index === 2));
        expect(await list({ queues: ["q0"] })).toEqual(expected((index) => index === 0));
        expect(await list({ batchId: "b" })).toEqual(expected((index) => index < 2));
        expect(await list({ rootId: "run_r" })).toEqual(expected((index) => index > 4));
        expect(await list({ isTest: true })).toEqual(expected((index) => index === 3));
        expect(await list({ isTest: false })).toEqual(expected((index) => index !== 3));
        expect(await list({ status: ["QUEUED"] })).toHaveLength(7);
        expect(await list({ status: ["COMPLETED"] })).toEqual([]);
        expect(await list({ from: dueIn(-60_000), to: dueIn(60_000) })).toHaveLength(7);
        expect(await list({ from: dueIn(60_000) })).toEqual([]);
        expect(await list({ to: dueIn(-60_000) })).toEqual([]);
      });

      test("children, the newest of them, oldest first", async () => {
        expect(ids(await storage.childrenOf(environment, "run_p", 1))).toEqual(ids(runs.slice(6)));
        expect(ids(await storage.childrenOf(environment, "run_p", 100))).toEqual(ids(runs.slice(5)));
        expect(await storage.childrenOf("other", "run_p", 100)).toEqual([]);
      });
    });

    describe("transitions", () => {
      test("changes what is asked, when the state is as expected", async () => {
        const run = newRun();
        await storage.insertRuns([run]);
        const at = new Date("2026-01-02T03:04:05.678Z");
        const changed = await storage.transitionRun({
          id: run.id,
          environment: "env",
          from: ["QUEUED", "DEQUEUED"],
          attempt: 0,
          change: { status: "EXECUTING", attempt: 1, holder: "me", heartbeatAt: at, startedAt: at },
        });
        expect(changed).toMatchObject({
          status: "EXECUTING",
          attempt: 1,
          holder: "me",
          heartbeatAt: at,
          startedAt: at,
        });
        expect(changed?.updatedAt.getTime()).toBeGreaterThanOrEqual(changed?.createdAt.getTime() ?? 0);
        const done = await storage.transitionRun({
          id: run.id,
          from: ["EXECUTING"],
          attempt: 1,
          heldBy: "me",
          change: {
            status: "COMPLETED",
            finishedAt: at,
            expiredAt: at,
            cancelRequestedAt: at,
            delayUntil: at,
            interruptions: 2,
            holder: null,
            output: { data: '"NUL \\u0000 and raw \0"', dataType: "application/json" },
            error: { name: "E", message: "m\0\ud800" },
            tags: ["new"],
          },
        });
        expect(done).toMatchObject({
          status: "COMPLETED",
          finishedAt: at,
          expiredAt: at,
          cancelRequestedAt: at,
        });
        expect(done).toMatchObject({ delayUntil: at, interruptions: 2, tags: ["new"], holder: undefined });
        expect(done?.output).toEqual({ data: '"NUL \\u0000 and raw \0"', dataType: "application/json" });
        expect(done?.error).toEqual({ name: "E", message: "m\0\ud800" });
        expect(await storage.findRun("env", run.id)).toEqual(done);
      });

      test("changes nothing when status, attempt, holder or environment differ", async () => {
        const run = newRun();
        await storage.insertRuns([run]);
        const change = { status: "COMPLETED" as RunStatus };
        const refused = [
          { id: run.id, from: ["EXECUTING" as RunStatus], change },
          { id: run.id, from: [], change },
          { id: run.id, from: ["QUEUED" as RunStatus], attempt: 1, change },
          { id: run.id, from: ["QUEUED" as RunStatus], heldBy: "me", change },
          { id: run.id, from: ["QUEUED" as RunStatus], environment: "other", change },
          { id: "run_none", from: ["QUEUED" as RunStatus], change },
        ];
        for (const transition of refused) expect(await storage.transitionRun(transition)).toBeUndefined();
        expect((await storage.findRun("env", run.id))?.status).toBe("QUEUED");
      });

      test("of many at once exactly one wins", async () => {
        const run = newRun();
        await storage.insertRuns([run]);
        const start = {
          id: run.id,
          from: ["QUEUED" as RunStatus],
          change: { status: "EXECUTING" as RunStatus },
        };
        const results = await Promise.all(Array.from({ length: 8 }, () => storage.transitionRun(start)));
        expect(results.filter(Boolean)).toHaveLength(1);
      });
    });

    describe("claims", () => {
      const task = (name: string) => ({ engine: "inline" as const, holder: `h-${name}`, tasks: [name] });

      test("oldest first, up to the limit, each run once", async () => {
        const runs = Array.from({ length: 6 }, () => newRun({ task: "claim" }));
        await storage.insertRuns(runs);
        const first = await storage.claimRuns({ ...task("claim"), limit: 2 });
        expect(ids(first)).toEqual(ids(runs.slice(0, 2)));
        expect(first[0]).toMatchObject({ status: "DEQUEUED", holder: "h-claim" });
        expect(first[0]?.heartbeatAt).toBeInstanceOf(Date);
        const rest = await Promise.all(
          [1, 2, 3].map(() => storage.claimRuns({ ...task("claim"), limit: 3 })),
        );
        expect(ids(rest.flat()).sort()).toEqual(ids(runs.slice(2)).sort());
        expect(await storage.claimRuns({ ...task("claim"), limit: 3 })).toEqual([]);
      });

      test("priority moves a run forward by that many seconds", async () => {
        const [late, early] = [newRun({ task: "priority" }), newRun({ task: "priority", priority: 10 })];
        await storage.insertRuns([late, early]);
        expect(ids(await storage.claimRuns({ ...task("priority"), limit: 5 }))).toEqual([early.id, late.id]);
      });

      test("not those of another engine, another task, that wait, or that are past their ttl", async () => {
        const due = newRun({ task: "due" });
        await storage.insertRuns([
          newRun({ task: "due", engine: "none" }),
          newRun({ task: "not-due" }),
          newRun({ task: "due", delayUntil: dueIn(60_000) }),
          newRun({ task: "due", status: "DELAYED", delayUntil: dueIn(60_000) }),
          newRun({ task: "due", ttlSeconds: 0 }),
          due,
        ]);
        expect(ids(await storage.claimRuns({ ...task("due"), limit: 9 }))).toEqual([due.id]);
        const noTask = { engine: "bullmq" as const, holder: "h", limit: 1 };
        expect(await storage.claimRuns(noTask)).toEqual([]);
      });

      test("heartbeats keep what is held; silent runs are found", async () => {
        const runs = [newRun({ task: "held" }), newRun({ task: "held" }), newRun({ task: "held" })];
        await storage.insertRuns(runs);
        await storage.claimRuns({ ...task("held"), limit: 3 });
        const [lost, done, own] = ids(runs) as [string, string, string];
        await storage.transitionRun({ id: lost, from: ["DEQUEUED"], change: { holder: "thief" } });
        await storage.transitionRun({ id: done, from: ["DEQUEUED"], change: { status: "COMPLETED" } });
        expect(await storage.heartbeat("h-held", ids(runs))).toEqual([own]);
        const silent = async (since: Date | undefined) =>
          ids(await storage.findSilentRuns("inline", since)).filter(
            (id) => id === lost || id === done || id === own,
          );
        expect(await silent(dueIn(-60_000))).toEqual([]);
        expect(await silent(dueIn(60_000))).toEqual([lost, own]);
        expect(await silent(undefined)).toEqual([lost, own]);
      });
    });

    test("promotes what is due and says when the next is", async () => {
      const delayed = newRun({ status: "DELAYED", delayUntil: dueIn(500_000), ttlSeconds: 60 });
      const waiting = newRun({ ttlSeconds: 10_000 });
      const started = newRun({ ttlSeconds: 10 });
      await storage.insertRuns([delayed, waiting, started]);
      await storage.transitionRun({ id: started.id, from: ["QUEUED"], change: { attempt: 1 } });
      const { changed, nextDueAt } = await storage.promoteDueRuns(dueIn(100_000));
      const own = (rows: readonly { id: string; status: string }[]) =>
        rows
          .filter((row) => [delayed.id, waiting.id, started.id].includes(row.id))
          .map((row) => [row.id, row.status]);
      expect(own(changed)).toEqual([]);
      expect(nextDueAt?.getTime()).toBeLessThanOrEqual(delayed.delayUntil?.getTime() ?? 0);
      expect(nextDueAt).toEqual(delayed.delayUntil);
      const later = await storage.promoteDueRuns(dueIn(510_000));
      expect(own(later.changed)).toEqual([[delayed.id, "QUEUED"]]);
      const last = await storage.promoteDueRuns(dueIn(20_000_000));
      expect(own(last.changed).sort()).toEqual(
        [
          [delayed.id, "EXPIRED"],
          [waiting.id, "EXPIRED"],
        ].sort(),
      );
      const expired = await storage.findRun("env", waiting.id);
      expect(expired?.expiredAt).toBeInstanceOf(Date);
      expect(expired?.finishedAt).toEqual(expired?.expiredAt);
    });

    describe("documents", () => {
      test("reads and writes several, each with its version", async () => {
        const runs = [newRun({ parentId: "run_p", rootId: "run_r" }), newRun()];
        await storage.insertRuns(runs);
        const [first, second] = ids(runs) as [string, string];
        const dedupe = JSON.stringify({ publisher: 1, "\0": "\ud800" });
        expect(
          await storage.writeDocuments([
            { id: second, expectedVersion: 0, metadata: '{"b":1}', dedupe: "{}" },
            { id: first, expectedVersion: 0, metadata: NASTY, dedupe },
          ]),
        ).toBe(true);
        const rows = await storage.readDocuments([first, second, "run_none"]);
        expect(rows).toHaveLength(2);
        expect(rows.find((row) => row.id === first)).toEqual({
          id: first,
          environment: "env",
          metadata: NASTY,
          version: 1,
          dedupe,
          parentId: "run_p",
          rootId: "run_r",
          finishedAt: undefined,
          attempt: 0,
          changeCount: 0,
          changeBytes: 0,
        });
        expect(await storage.findRun("env", second)).toMatchObject({ metadata: '{"b":1}', version: 1 });
      });

      test("D3 writes all rows or none", async () => {
        const runs = [newRun(), newRun(), newRun()];
        await storage.insertRuns(runs);
        const write = (id: string, expectedVersion: number, metadata: string) => ({
          id,
          expectedVersion,
          metadata,
          dedupe: "{}",
        });
        const [a, b, c] = ids(runs) as [string, string, string];
        expect(await storage.writeDocuments([write(b, 0, '{"n":1}')])).toBe(true);
        const group = [a, b, c].map((id) => write(id, 0, '{"n":2}'));
        expect(await storage.writeDocuments(group)).toBe(false);
        expect(await storage.writeDocuments([write(a, 0, "{}"), write("run_none", 0, "{}")])).toBe(false);
        const rows = await storage.readDocuments([a, b, c]);
        expect(new Map(rows.map((row) => [row.id, [row.metadata, row.version]]))).toEqual(
          new Map([
            [a, ["{}", 0]],
            [b, ['{"n":1}', 1]],
            [c, ["{}", 0]],
          ]),
        );
      });

      test("D4 writers that race lose nothing and do not deadlock", async () => {
        const runs = Array.from({ length: 4 }, () => newRun({ metadata: '{"n":0}' }));
        await storage.insertRuns(runs);
        const increment = async (order: readonly string[]): Promise<void> => {
          for (;;) {
            const rows = await storage.readDocuments(order);
            const writes = order.map((id) => {
              const row = rows.find((candidate) => candidate.id === id);
              const n = (JSON.parse(row?.metadata ?? "") as { n: number }).n + 1;
              return {
                id,
                expectedVersion: row?.version ?? -1,
                metadata: JSON.stringify({ n }),
                dedupe: "{}",
              };
            });
            if (await storage.writeDocuments(writes)) return;
          }
        };
        const writer = async (order: readonly string[]) => {
          for (let round = 0; round < 10; round++) await increment(order);
        };
        await Promise.all([writer(ids(runs)), writer(ids(runs).reverse()), writer(ids(runs).slice(1, 3))]);
        const rows = await storage.readDocuments(ids(runs));
        const counts = ids(runs).map((id) => rows.find((row) => row.id === id)?.metadata);
        expect(counts).toEqual(['{"n":20}', '{"n":30}', '{"n":30}', '{"n":20}']);
      });

      test("D3 a write and its history are one: both or none, and what is folded stays folded", async () => {
        const run = newRun({ metadata: '{"n":0}' });
        await storage.insertRuns([run]);
        const write = (expectedVersion: number, n: number) => ({
          id: run.id,
          expectedVersion,
          metadata: JSON.stringify({ n }),
          dedupe: "{}",
          change: {
            attempt: 1,
            operations: JSON.stringify([{ type: "set", key: "n", value: n, text: "\0\ud800" }]),
          },
        });
        expect(await storage.writeDocuments([write(0, 1)])).toBe(true);
        expect(await storage.writeDocuments([write(0, 9)])).toBe(false);
        expect(await storage.writeDocuments([write(1, 2)])).toBe(true);
        const versions = async (after?: number) =>
          (await storage.readHistory("env", run.id, after))?.changes.map(({ version }) => version);
        const history = await storage.readHistory("env", run.id, undefined);
        expect(history?.base).toMatchObject({ version: 0, document: '{"n":0}' });
        expect(history?.changes.map(({ operations }) => operations)).toEqual(
          [write(0, 1), write(1, 2)].map(({ change }) => change.operations),
        );
        expect([await versions(0), await versions(1), await versions(2)]).toEqual([[1, 2], [2], []]);
        const fold = {
          id: run.id,
          baseVersion: 0,
          version: 1,
          at: new Date(),
          changeCount: 1,
          changeBytes: Buffer.byteLength(write(0, 1).change.operations),
          document: '{"n":1}',
        };
        // Two servers that fold the same.
        await Promise.all([storage.foldHistory(fold), storage.foldHistory(fold)]);
        const folded = await storage.readHistory("env", run.id, 0);
        expect(folded?.base).toEqual({ version: 1, at: fold.at, document: '{"n":1}' });
        expect(folded?.changes).toHaveLength(1);
        expect(await storage.readDocuments([run.id])).toMatchObject([{ changeCount: 1, version: 2 }]);
        expect(await storage.readHistory("other", run.id, undefined)).toBeUndefined();
      });

      test("finds runs by the documents that were indexed, and by what they are", async () => {
        const runs = [1, 2, 3].map((n) =>
          newRun({ environment: "leaves", metadata: JSON.stringify({ n, all: "yes" }) }),
        );
        await storage.insertRuns(runs);
        const index = async () => {
          while (await storage.indexDocuments());
        };
        await Promise.all([index(), index()]);
        const find = async (path: string, value: string, limit = 10) =>
          ids(await storage.listRuns({ environment: "leaves", limit, metadata: [{ path, value }] }));
        const [first, second, third] = ids(runs) as [string, string, string];
        expect(await find("all", "yes")).toEqual([third, second, first]);
        const change = { attempt: 1, operations: "[]" };
        const metadata = '{"n":4,"all":"no"}';
        await storage.writeDocuments([{ id: second, expectedVersion: 0, metadata, dedupe: "{}", change }]);
        expect(await find("all", "yes", 2)).toEqual([third, first]);
        expect(await find("n", "4")).toEqual([]);
        await index();
        expect(await find("n", "4")).toEqual([second]);
        expect(await find("n", "2")).toEqual([]);
      });

      test("a document of 256 KB", async () => {
        const run = newRun();
        await storage.insertRuns([run]);
        const metadata = JSON.stringify({ text: "x".repeat(262_000) });
        expect(
          await storage.writeDocuments([{ id: run.id, expectedVersion: 0, metadata, dedupe: "{}" }]),
        ).toBe(true);
        expect((await storage.findRun("env", run.id))?.metadata === metadata).toBe(true);
      });
    });

    describe("idempotency", () => {
      test("a key finds its run until the run fails or the key expires", async () => {
        const run = newRun({ idempotencyKey: "once" });
        const short = newRun({ idempotencyKey: "short", idempotencyKeyExpiresAt: dueIn(-1) });
        await storage.insertRuns([run, short]);
        const find = async (key: string, task = "import", environment = "env") =>
          (await storage.findRunByIdempotencyKey(environment, task, key))?.id;
        expect(await find("once")).toBe(run.id);
        expect(await find("once", "other")).toBeUndefined();
        expect(await find("once", "import", "other")).toBeUndefined();
        expect(await find("short")).toBeUndefined();
        await storage.transitionRun({ id: run.id, from: ["QUEUED"], change: { status: "FAILED" } });
        expect(await find("once")).toBeUndefined();
      });

      test("two triggers with one key at once make one run; a freed key can be used again", async () => {
        const trigger = (key: string, expiresAt?: Date) =>
          storage.insertRuns([newRun({ idempotencyKey: key, idempotencyKeyExpiresAt: expiresAt })]);
        const rows = (await Promise.all([trigger("race"), trigger("race"), trigger("race")])).flat();
        expect(rows).toHaveLength(1);
        await storage.transitionRun({
          id: rows[0]?.id ?? "",
          from: ["QUEUED"],
          change: { status: "FAILED" },
        });
        expect(await trigger("race")).toHaveLength(1);
        expect(await trigger("gone", dueIn(-1))).toHaveLength(1);
        expect(await trigger("gone", dueIn(60_000))).toHaveLength(1);
        expect(await trigger("gone", dueIn(60_000))).toHaveLength(0);
      });

      test("a request key finds what that request triggered", async () => {
        const run = newRun({ requestKey: "uuid" });
        await storage.insertRuns([run]);
        expect((await storage.findRunByRequestKey("env", "import", "uuid"))?.id).toBe(run.id);
        expect(await storage.findRunByRequestKey("env", "other", "uuid")).toBeUndefined();
      });
    });

    describe("batches", () => {
      const newBatch = (id: string, changes: object = {}) => ({
        id,
        environment: "env",
        runCount: 3,
        resumeParentOnCompletion: false,
        ...changes,
      });

      test("seals when all items are in; an item that comes again keeps its first run", async () => {
        const batch = await storage.insertBatch(newBatch("batch_a", { parentId: "run_p" }));
        expect(batch).toMatchObject({ id: "batch_a", runCount: 3, parentId: "run_p", sealed: false });
        const partly = await storage.addBatchItems("batch_a", [
          { index: 2, runId: "run_2" },
          { index: 0, runId: "run_0" },
        ]);
        expect(partly.sealed).toBe(false);
        const full = await storage.addBatchItems("batch_a", [
          { index: 0, runId: "run_other" },
          { index: 1, runId: "run_1" },
        ]);
        expect(full.sealed).toBe(true);
        expect([...full.items]).toEqual([
          [0, "run_0"],
          [1, "run_1"],
          [2, "run_2"],
        ]);
        expect(await storage.findBatch("env", "batch_a")).toEqual(full);
        expect(await storage.findBatch("other", "batch_a")).toBeUndefined();
      });

      test("items that come at once seal the batch", async () => {
        await storage.insertBatch(newBatch("batch_b"));
        await Promise.all(
          [0, 1, 2].map((index) => storage.addBatchItems("batch_b", [{ index, runId: `run_${index}` }])),
        );
        expect((await storage.findBatch("env", "batch_b"))?.sealed).toBe(true);
      });

      test("an idempotency key gives the batch that has it", async () => {
        const first = await storage.insertBatch(newBatch("batch_c", { idempotencyKey: "k" }));
        expect(first.idempotencyKey).toBe("k");
        expect((await storage.insertBatch(newBatch("batch_d", { idempotencyKey: "k" }))).id).toBe("batch_c");
        expect(
          (await storage.insertBatch(newBatch("batch_e", { idempotencyKey: "k", environment: "other" }))).id,
        ).toBe("batch_e");
      });
    });

    test("refuses calls before open() and after close()", async () => {
      const other = await create();
      try {
        await expect(other.storage.findRun("env", "run_1")).rejects.toMatchObject({
          code: "STORAGE_UNAVAILABLE",
        });
        await other.storage.open();
        await other.storage.close();
        await expect(other.storage.findRun("env", "run_1")).rejects.toMatchObject({
          code: "STORAGE_UNAVAILABLE",
        });
      } finally {
        await other.dispose();
      }
    });
  });
}
