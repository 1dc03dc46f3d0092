import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Storage } from "../../../src/storage/storage.ts";
import { newRun } from "../new-run.ts";
import { dueIn } from "./due-in.ts";
import { ids } from "./ids.ts";
import { NASTY_DOCUMENT } from "./nasty-document.ts";

/** Runs as they are inserted and found. */
export function runContract(storage: () => Storage): void {
  describe("runs", () => {
    test("gives a run back as it was inserted", async () => {
      const run = newRun({
        metadata: NASTY_DOCUMENT,
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
      const [inserted] = await storage().insertRuns([run]);
      const { payload, ...rest } = run;
      expect(inserted).toMatchObject(rest);
      expect(await storage().findRun("env", run.id)).toEqual({ ...inserted, payload, output: undefined });
      expect(inserted).toMatchObject({ attempt: 0, interruptions: 0, version: 0, status: "QUEUED" });
      expect(inserted?.createdAt).toBeInstanceOf(Date);
      expect(Math.abs((inserted?.createdAt.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    });

    test("leaves absent fields undefined", async () => {
      const run = newRun({ payload: { data: undefined, dataType: "application/json" } });
      await storage().insertRuns([run]);
      const row = await storage().findRun("env", run.id);
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
      await storage().insertRuns([run]);
      const again = await storage().insertRuns([
        { ...run, metadata: '{"second":true}', task: "other" },
        other,
      ]);
      expect(ids(again)).toEqual([other.id]);
      expect(await storage().findRun("env", run.id)).toMatchObject({
        metadata: '{"first":true}',
        task: "import",
      });
      const twin = newRun();
      expect(await storage().insertRuns([twin, { ...twin, metadata: '{"twin":true}' }])).toHaveLength(1);
      expect((await storage().findRun("env", twin.id))?.metadata).toBe("{}");
    });

    test("does not find the runs of another environment", async () => {
      const run = newRun({ environment: "mine" });
      await storage().insertRuns([run]);
      expect(await storage().findRun("theirs", run.id)).toBeUndefined();
      expect(await storage().findRuns("theirs", [run.id])).toEqual([]);
      expect(ids(await storage().findRuns("mine", [run.id, "run_none"]))).toEqual([run.id]);
    });

    test("S2 names with NUL or lone surrogates never fail a statement", async () => {
      const run = newRun({ task: "t\0", tags: ["x\0y", "\ud800"], queue: "q\0", idempotencyKey: "k\0" });
      await storage().insertRuns([run]);
      expect(ids(await storage().listRuns({ environment: "env", limit: 5, tags: ["x\0y"] }))).toEqual([
        run.id,
      ]);
      expect((await storage().findRunByIdempotencyKey("env", "t\0", "k\0"))?.id).toBe(run.id);
      expect(await storage().findRun("env", "run_\0")).toBeUndefined();
    });

    test("nothing in a value reaches the statement", async () => {
      const evil = `'); DROP TABLE runs; -- $1 $runmeta$`;
      const run = newRun({ task: evil, tags: [evil], metadata: JSON.stringify({ [evil]: evil }) });
      await storage().insertRuns([run]);
      expect(await storage().findRun("env", run.id)).toMatchObject({
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
      await storage().insertRuns(runs);
      const writes = runs.map(({ id, metadata }) => ({
        id,
        expectedVersion: 0,
        metadata,
        dedupe: metadata,
      }));
      expect(await storage().writeDocuments(writes)).toBe(true);
      const found = new Map((await storage().findRuns("env", ids(runs))).map((row) => [row.id, row]));
      const dedupe = new Map((await storage().readDocuments(ids(runs))).map((row) => [row.id, row.dedupe]));
      for (const { id, payload, metadata } of runs) {
        expect(found.get(id)).toMatchObject({ payload, metadata, version: 1 });
        expect(dedupe.get(id)).toBe(metadata);
      }
    });

    test("inserts nothing for nothing", async () => {
      expect(await storage().insertRuns([])).toEqual([]);
      expect(await storage().findRuns("env", [])).toEqual([]);
      expect(await storage().readDocuments([])).toEqual([]);
      expect(await storage().writeDocuments([])).toBe(true);
    });
  });
}
