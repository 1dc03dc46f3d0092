import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prune } from "../../src/service/prune.ts";
import { sqlStorage } from "../../src/storage/sql-storage.ts";
import type { NewRun, Storage } from "../../src/storage/storage.ts";
import { type EmptyDatabase, eachDatabase } from "./each-database.ts";
import { namedRuns, orphans, tableNames } from "./named-runs.ts";
import { newRun } from "./new-run.ts";

const DAY_MS = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS);
const BEFORE = daysAgo(30);

/** Where nothing is ever kept about a run. A new table goes here, or `wholeRun` puts something into it. */
const WITHOUT_RUNS = [
  ...["api_keys", "packets", "queue_limits", "records", "runmeta_migrations", "task_defaults"],
];

async function add(storage: Storage, changes: Partial<NewRun> = {}): Promise<string> {
  const run = newRun(changes);
  await storage.insertRuns([run]);
  return run.id;
}

async function end(storage: Storage, id: string, days: number): Promise<void> {
  const change = { status: "COMPLETED", finishedAt: daysAgo(days) } as const;
  await storage.transitionRun({ id, from: ["QUEUED"], change });
}

async function ended(storage: Storage, days: number, changes: Partial<NewRun> = {}): Promise<string> {
  const id = await add(storage, changes);
  await end(storage, id, days);
  return id;
}

async function write(storage: Storage, id: string, from: number, writes: number): Promise<void> {
  for (let n = from; n < from + writes; n++) {
    const change = { attempt: 1, operations: `[{"type":"set","key":"n","value":${n}}]` };
    const metadata = `{"n":${n}}`;
    await storage.writeDocuments([{ id, expectedVersion: n, metadata, dedupe: "{}", change }]);
  }
}

async function stream(storage: Storage, runId: string, chunks: number): Promise<void> {
  const writer = { runId, key: "out", client: "c" };
  await storage.createStream(runId, "out", 10);
  await storage.openStreamWriter(writer);
  const texts = Array.from({ length: chunks }, (_, index) => `"chunk ${index}"`);
  const limits = { maxChunks: 1e6, maxBytes: 1e9 };
  await storage.appendChunks({
    ...writer,
    from: 0,
    chunks: texts,
    bytes: chunks * 9,
    ended: true,
    ...limits,
  });
}

const session = (id: string) => ({
  ...{ id, environment: "env", externalId: `own ${id}`, type: "chat", task: "import", triggerConfig: "{}" },
  ...{ tags: [], metadata: undefined, expiresAt: undefined },
});

/** A run of a batch and a session, with something in every table that can have something of it. */
async function wholeRun(storage: Storage, suffix: string): Promise<string> {
  const batchId = `batch_${suffix}`;
  await storage.insertBatch({
    ...{ id: batchId, environment: "env", runCount: 1, resumeParentOnCompletion: false },
  });
  const keys = { idempotencyKey: `key ${suffix}`, requestKey: `request ${suffix}` };
  const id = await add(storage, { batchId, metadata: '{"find":"me"}', ...keys });
  await storage.addBatchItems(batchId, [{ index: 0, runId: id }]);
  await storage.insertSession(session(`session_${suffix}`));
  await storage.setSessionRun("env", `session_${suffix}`, { runId: id, previousRunId: undefined });
  await write(storage, id, 0, 4);
  const fold = { baseVersion: 0, version: 2, changeCount: 2, changeBytes: 80, at: new Date() };
  await storage.foldHistory({ id, ...fold, document: '{"n":1}' });
  await stream(storage, id, 3);
  while (await storage.indexDocuments());
  return id;
}

eachDatabase("deletion of what is over", (open) => {
  let opened: EmptyDatabase;
  let storage: Storage;
  beforeAll(async () => {
    opened = await open();
    storage = sqlStorage(async () => opened.connect());
    await storage.open();
  });
  afterAll(async () => {
    await storage?.close();
    await opened?.[Symbol.asyncDispose]();
  });

  /** The same one for all tests, emptied. */
  const database = async () => {
    const { client } = opened;
    const tables = (await tableNames(client)).filter((table) => table !== "runmeta_migrations");
    await client.query(`TRUNCATE ${tables.join()}`);
    return {
      client,
      storage,
      /** Makes batches and sessions as old as the runs are said to be. */
      async age(days: number) {
        await client.query(
          "UPDATE batches SET created_at = created_at - $1::float8 * interval '1 day', updated_at = updated_at - $1::float8 * interval '1 day'",
          [days],
        );
        await client.query("UPDATE sessions SET closed_at = closed_at - $1::float8 * interval '1 day'", [
          days,
        ]);
      },
      async runs(): Promise<string[]> {
        return (await client.query<{ id: string }>("SELECT id FROM runs ORDER BY id")).rows.map(
          (row) => row.id,
        );
      },
    };
  };

  test("leaves nothing of an old run in any table, and everything of a live one", async () => {
    const db = await database();
    const { client } = db;
    const old = await wholeRun(storage, "old");
    const live = await wholeRun(storage, "live");
    // Changed, and not looked at since.
    for (const id of [old, live]) await write(storage, id, 4, 1);
    await storage.closeSession("env", "session_old", undefined);
    await end(storage, old, 60);
    await db.age(60);
    const before = await namedRuns(client);
    const named = (id: string, tables = before) =>
      [...tables].filter(([, ids]) => ids.has(id)).map(([table]) => table);
    expect([...named(old), "batches", ...WITHOUT_RUNS].sort()).toEqual(await tableNames(client));
    expect(named(live)).toEqual(named(old));

    const planned = await prune({ storage, before: BEFORE, dryRun: true });
    expect(planned).toEqual({
      runs: 1,
      changes: 3,
      streams: 1,
      chunks: 3,
      batches: 1,
      sessions: 1,
      packets: 0,
    });
    expect(await namedRuns(client)).toEqual(before);
    const deleted: string[] = [];
    const counts = await prune({ storage, before: BEFORE, onDeleted: (ids) => deleted.push(...ids) });
    expect(counts).toEqual(planned);
    expect(deleted).toEqual([old]);
    // The list of documents to look at names it until its turn comes.
    while (await storage.indexDocuments());
    const after = await namedRuns(client);
    expect(named(old, after)).toEqual([]);
    expect(named(live, after)).toEqual(named(live).filter((table) => table !== "changed_documents"));
    expect(await storage.findBatch("env", "batch_old")).toBeUndefined();
    expect(await storage.findBatch("env", "batch_live")).toMatchObject({ liveRuns: 1 });
    expect(await storage.findSession("env", "own session_live")).toBeDefined();
    expect(await storage.findRunByIdempotencyKey("env", "import", "key old")).toBeUndefined();
    expect((await storage.findRunByIdempotencyKey("env", "import", "key live"))?.id).toBe(live);
    expect((await storage.readHistory("env", live, undefined))?.changes).toHaveLength(3);
  });

  test("keeps what has not ended, what ended lately, and an ended run whose family is live", async () => {
    const db = await database();
    const queued = await add(storage);
    const delayed = await add(storage, { status: "DELAYED", delayUntil: daysAgo(-1) });
    const lately = await ended(storage, 29);
    const root = await ended(storage, 60);
    const middle = await ended(storage, 60, { parentId: root, rootId: root, depth: 1 });
    const leaf = await add(storage, { parentId: middle, rootId: root, depth: 2 });
    // Registered before its parent, so its root is not known.
    const early = newRun();
    const child = await add(storage, { parentId: early.id });
    await storage.insertRuns([early]);
    await end(storage, early.id, 60);
    const waiting = await add(storage);
    const result = await ended(storage, 60, { parentId: waiting, rootId: waiting, depth: 1 });
    const gone = await ended(storage, 60);
    const sibling = await ended(storage, 60, { parentId: gone, rootId: gone, depth: 1 });

    await prune({ storage, before: BEFORE });
    const kept = [queued, delayed, lately, root, middle, leaf, early.id, child, waiting, result];
    expect(await db.runs()).toEqual(kept.toSorted());
    expect(await storage.findRuns("env", [gone, sibling])).toEqual([]);

    await end(storage, leaf, 40);
    await end(storage, child, 40);
    await end(storage, waiting, 40);
    await prune({ storage, before: BEFORE });
    expect(await db.runs()).toEqual([queued, delayed, lately].toSorted());
  });

  test("a session that stays keeps its run, and a batch stays until all its runs are gone", async () => {
    const db = await database();
    const named = await ended(storage, 60);
    await storage.insertSession(session("session_open"));
    await storage.setSessionRun("env", "session_open", { runId: named, previousRunId: undefined });
    const batchId = "batch_two";
    await storage.insertBatch({
      ...{ id: batchId, environment: "env", runCount: 2, resumeParentOnCompletion: false },
    });
    const [first, second] = [await ended(storage, 60, { batchId }), await add(storage, { batchId })];
    await storage.addBatchItems(
      batchId,
      [first, second].map((runId, index) => ({ index, runId })),
    );
    await storage.insertBatch({
      ...{ id: "batch_unfilled", environment: "env", runCount: 2, resumeParentOnCompletion: false },
    });
    expect(await prune({ storage, before: new Date(Date.now() + 1_000) })).toMatchObject({
      batches: 0,
      runs: 1,
    });
    await db.age(60);
    expect(await prune({ storage, before: BEFORE })).toMatchObject({ batches: 1, runs: 0 });
    expect(await storage.findBatch("env", "batch_unfilled")).toBeUndefined();
    expect(await db.runs()).toEqual([named, second].toSorted());

    await end(storage, second, 60);
    await storage.closeSession("env", "session_open", undefined);
    await db.age(60);
    expect(await prune({ storage, before: BEFORE })).toMatchObject({ batches: 1, sessions: 1, runs: 2 });
  });

  test("uploads that nobody fetched go an hour after they expired", async () => {
    const db = await database();
    const { client } = db;
    await storage.reservePacket("env", "packet_1", 60);
    await storage.writePacket("packet_1", { data: "x", dataType: "text/plain" });
    expect((await prune({ storage, before: BEFORE })).packets).toBe(0);
    await client.query("UPDATE packets SET expires_at = now() - interval '61 minutes'");
    expect((await prune({ storage, before: BEFORE })).packets).toBe(1);
  });

  test("each statement is bounded, and what cannot go is not looked at again and again", async () => {
    const db = await database();
    const { client } = db;
    const waiting = await add(storage);
    const children = Array.from({ length: 310 }, () => newRun({ parentId: waiting, rootId: waiting }));
    await storage.insertRuns(children);
    await client.query("UPDATE runs SET status = 'FAILED', finished_at = $1::timestamptz WHERE id <> $2", [
      daysAgo(61),
      waiting,
    ]);
    const heavy = await ended(storage, 60);
    await stream(storage, heavy, 6_000);
    const others = Array.from({ length: 310 }, () => newRun());
    await storage.insertRuns(others);
    await client.query(
      "UPDATE runs SET status = 'FAILED', finished_at = $1::timestamptz WHERE status = 'QUEUED' AND id <> $2",
      [daysAgo(59), waiting],
    );
    const parts: number[] = [];
    for (let after: readonly [string, string] | undefined; ; ) {
      const part = await storage.pruneSome({ kind: "runs", before: BEFORE, after, dryRun: false });
      parts.push(part.runIds.length);
      if (part.next === undefined) break;
      after = part.next;
    }
    expect(parts.length).toBeLessThan(8);
    expect(Math.max(...parts)).toBeLessThanOrEqual(200);
    expect(parts.reduce((sum, count) => sum + count)).toBe(311);
    expect(await db.runs()).toHaveLength(311);
    expect(await orphans(client)).toEqual([]);
  });

  test("a run with more stream chunks than one statement deletes loses them in portions, then goes", async () => {
    const db = await database();
    const { client } = db;
    const later = [await ended(storage, 50), await ended(storage, 50)];
    const large = await ended(storage, 60);
    await stream(storage, large, 11_000);
    const wide = { runId: large, key: "wide", client: "c" };
    await storage.createStream(large, wide.key, 10);
    await storage.openStreamWriter(wide);
    const chunks = Array.from({ length: 4 }, () => JSON.stringify("x".repeat(4_990_000)));
    const append = { ...wide, bytes: 19_960_008, ended: true, maxChunks: 9, maxBytes: 1e9 };
    await storage.appendChunks({ ...append, from: 0, chunks });
    const live = await add(storage);
    await stream(storage, live, 3);

    const planned = await prune({ storage, before: BEFORE, dryRun: true });
    expect(planned).toMatchObject({ runs: 3, streams: 2, chunks: 11_004 });
    const left = async () => {
      const sql = `SELECT s.key, s.chunks, s.bytes::integer AS bytes, count(c.position)::integer AS stored,
        coalesce(max(c.position), -1) AS last FROM run_streams s LEFT JOIN stream_chunks c USING (run_id, key)
        WHERE s.run_id = $1 GROUP BY 1, 2, 3 ORDER BY 1`;
      return (await client.query<{ key: string; chunks: number; stored: number; last: number }>(sql, [large]))
        .rows;
    };
    const seen: number[][] = [];
    const deleted: string[] = [];
    let counted = 0;
    for (let after: readonly [string, string] | undefined; ; ) {
      const part = await storage.pruneSome({ kind: "runs", before: BEFORE, after, dryRun: false });
      deleted.push(...part.runIds);
      counted += part.counts.chunks ?? 0;
      const streams = await left();
      // What is left of a stream is its beginning, and its own count of it is right.
      for (const { chunks, stored, last } of streams) expect([stored, last]).toEqual([chunks, chunks - 1]);
      seen.push(streams.map(({ chunks }) => chunks));
      if (part.next === undefined) break;
      after = part.next;
    }
    expect(seen).toEqual([[11_000, 2], [10_992, 0], [5_992, 0], [992, 0], []]);
    expect(deleted.toSorted()).toEqual([large, ...later].toSorted());
    expect(counted).toBe(planned.chunks);
    expect(await db.runs()).toEqual([live]);
    expect((await storage.readStream(live, "out", -1))?.chunks).toHaveLength(3);
    expect(await orphans(client)).toEqual([]);
  });

  test("two at once share the work, while documents, streams and indexes of the same runs are written", async () => {
    const db = await database();
    const { client } = db;
    const runs = Array.from({ length: 1_000 }, () => newRun({ metadata: '{"a":1}' }));
    await storage.insertRuns(runs);
    const ids = runs.map((run) => run.id);
    for (const id of ids.slice(0, 40)) await stream(storage, id, 2);
    await client.query("UPDATE runs SET status = 'COMPLETED', finished_at = $1::timestamptz", [daysAgo(60)]);
    const live = await add(storage);
    let pruned = false;
    let written = 0;
    const change = { attempt: 1, operations: '[{"type":"set","key":"a","value":1}]' };
    const writing = [0, 1, 2].map(async (writer) => {
      for (let n = 0; !pruned; n++, written++) {
        const some = ids.filter((_, index) => index % 60 === (n * 3 + writer) % 60);
        const rows = await storage.readDocuments([...some, ...(writer === 0 ? [live] : [])].sort());
        const update = { metadata: `{"a":${n}}`, dedupe: "{}", change };
        await storage.writeDocuments(
          rows.map(({ id, version }) => ({ id, expectedVersion: version, ...update })),
        );
      }
    });
    const indexing = (async () => {
      while (!pruned) await storage.indexDocuments();
    })();
    const folding = (async () => {
      for (let n = 0; !pruned; n++) {
        const fold = { baseVersion: 0, version: 1, changeCount: 1, changeBytes: 36, at: new Date() };
        await storage.foldHistory({ id: ids[n % 1_000] ?? "", ...fold, document: '{"a":0}' });
      }
    })();
    const deleted: string[] = [];
    const pruning = async () => {
      for (let looks = 0; looks < 500 && deleted.length < 1_000; looks++)
        await prune({ storage, before: BEFORE, onDeleted: (gone) => deleted.push(...gone) });
    };
    while (written < 30) await nextTurn();
    await Promise.all([pruning(), pruning()]);
    pruned = true;
    await Promise.all([...writing, indexing, folding]);
    while (await storage.indexDocuments());
    // What one of the two was told is nobody else's.
    expect(deleted.toSorted()).toEqual(ids.toSorted());
    expect(await db.runs()).toEqual([live]);
    expect(await orphans(client)).toEqual([]);
    expect((await storage.readDocuments([live]))[0]?.version).toBeGreaterThan(0);
  });
});
