import { describe, expect, test } from "vitest";
import type { Storage } from "../../../src/storage/storage.ts";
import { newRun } from "../new-run.ts";
import { ids } from "./ids.ts";
import { NASTY_DOCUMENT } from "./nasty-document.ts";

/** Documents, their versions and their history. */
export function documentContract(storage: () => Storage): void {
  describe("documents", () => {
    test("reads and writes several, each with its version", async () => {
      const runs = [newRun({ parentId: "run_p", rootId: "run_r" }), newRun()];
      await storage().insertRuns(runs);
      const [first, second] = ids(runs) as [string, string];
      const dedupe = JSON.stringify({ publisher: 1, "\0": "\ud800" });
      expect(
        await storage().writeDocuments([
          { id: second, expectedVersion: 0, metadata: '{"b":1}', dedupe: "{}" },
          { id: first, expectedVersion: 0, metadata: NASTY_DOCUMENT, dedupe },
        ]),
      ).toBe(true);
      const rows = await storage().readDocuments([first, second, "run_none"]);
      expect(rows).toHaveLength(2);
      expect(rows.find((row) => row.id === first)).toEqual({
        id: first,
        environment: "env",
        metadata: NASTY_DOCUMENT,
        version: 1,
        dedupe,
        parentId: "run_p",
        rootId: "run_r",
        finishedAt: undefined,
        runVersion: 0,
        attempt: 0,
        changeCount: 0,
        changeBytes: 0,
      });
      expect(await storage().findRun("env", second)).toMatchObject({ metadata: '{"b":1}', version: 1 });
    });

    test("D3 writes all rows or none", async () => {
      const runs = [newRun(), newRun(), newRun()];
      await storage().insertRuns(runs);
      const write = (id: string, expectedVersion: number, metadata: string) => ({
        id,
        expectedVersion,
        metadata,
        dedupe: "{}",
      });
      const [a, b, c] = ids(runs) as [string, string, string];
      expect(await storage().writeDocuments([write(b, 0, '{"n":1}')])).toBe(true);
      const group = [a, b, c].map((id) => write(id, 0, '{"n":2}'));
      expect(await storage().writeDocuments(group)).toBe(false);
      expect(await storage().writeDocuments([write(a, 0, "{}"), write("run_none", 0, "{}")])).toBe(false);
      const rows = await storage().readDocuments([a, b, c]);
      expect(new Map(rows.map((row) => [row.id, [row.metadata, row.version]]))).toEqual(
        new Map([
          [a, ["{}", 0]],
          [b, ['{"n":1}', 1]],
          [c, ["{}", 0]],
        ]),
      );
    });

    test("D3 a write that expects a run as it was writes nothing once the run changed", async () => {
      const run = newRun();
      await storage().insertRuns([run]);
      const [{ runVersion = -1 } = {}] = await storage().readDocuments([run.id]);
      const write = { id: run.id, metadata: '{"n":1}', dedupe: "{}", expectedRunVersion: runVersion };
      expect(await storage().writeDocuments([{ ...write, expectedVersion: 0 }])).toBe(true);
      await storage().transitionRun({ id: run.id, from: [run.status], change: { status: "CANCELED" } });
      expect(await storage().writeDocuments([{ ...write, expectedVersion: 1 }])).toBe(false);
      expect(await storage().readDocuments([run.id])).toMatchObject([{ version: 1, changeCount: 0 }]);
    });

    test("D4 writers that race lose nothing and do not deadlock", async () => {
      const runs = Array.from({ length: 4 }, () => newRun({ metadata: '{"n":0}' }));
      await storage().insertRuns(runs);
      const increment = async (order: readonly string[]): Promise<void> => {
        for (;;) {
          const rows = await storage().readDocuments(order);
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
          if (await storage().writeDocuments(writes)) return;
        }
      };
      const writer = async (order: readonly string[]) => {
        for (let round = 0; round < 10; round++) await increment(order);
      };
      await Promise.all([writer(ids(runs)), writer(ids(runs).reverse()), writer(ids(runs).slice(1, 3))]);
      const rows = await storage().readDocuments(ids(runs));
      const counts = ids(runs).map((id) => rows.find((row) => row.id === id)?.metadata);
      expect(counts).toEqual(['{"n":20}', '{"n":30}', '{"n":30}', '{"n":20}']);
    });

    test("D3 a write and its history are one: both or none, and what is folded stays folded", async () => {
      const run = newRun({ metadata: '{"n":0}' });
      await storage().insertRuns([run]);
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
      expect(await storage().writeDocuments([write(0, 1)])).toBe(true);
      expect(await storage().writeDocuments([write(0, 9)])).toBe(false);
      expect(await storage().writeDocuments([write(1, 2)])).toBe(true);
      const versions = async (after?: number) =>
        (await storage().readHistory("env", run.id, after))?.changes.map(({ version }) => version);
      const history = await storage().readHistory("env", run.id, undefined);
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
      await Promise.all([storage().foldHistory(fold), storage().foldHistory(fold)]);
      const folded = await storage().readHistory("env", run.id, 0);
      expect(folded?.base).toEqual({ version: 1, at: fold.at, document: '{"n":1}' });
      expect(folded?.changes).toHaveLength(1);
      expect(await storage().readDocuments([run.id])).toMatchObject([{ changeCount: 1, version: 2 }]);
      expect(await storage().readHistory("other", run.id, undefined)).toBeUndefined();
    });

    test("finds runs by the documents that were indexed, and by what they are", async () => {
      const runs = [1, 2, 3].map((n) =>
        newRun({ environment: "leaves", metadata: JSON.stringify({ n, all: "yes" }) }),
      );
      await storage().insertRuns(runs);
      const index = async () => {
        while (await storage().indexDocuments());
      };
      await Promise.all([index(), index()]);
      const find = async (path: string, value: string, limit = 10) =>
        ids(await storage().listRuns({ environment: "leaves", limit, metadata: [{ path, value }] }));
      const [first, second, third] = ids(runs) as [string, string, string];
      expect(await find("all", "yes")).toEqual([third, second, first]);
      const change = { attempt: 1, operations: "[]" };
      const metadata = '{"n":4,"all":"no"}';
      await storage().writeDocuments([{ id: second, expectedVersion: 0, metadata, dedupe: "{}", change }]);
      expect(await find("all", "yes", 2)).toEqual([third, first]);
      expect(await find("n", "4")).toEqual([]);
      await index();
      expect(await find("n", "4")).toEqual([second]);
      expect(await find("n", "2")).toEqual([]);
    });

    test("a document of 256 KB", async () => {
      const run = newRun();
      await storage().insertRuns([run]);
      const metadata = JSON.stringify({ text: "x".repeat(262_000) });
      expect(
        await storage().writeDocuments([{ id: run.id, expectedVersion: 0, metadata, dedupe: "{}" }]),
      ).toBe(true);
      expect((await storage().findRun("env", run.id))?.metadata === metadata).toBe(true);
    });
  });
}
