import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgresClient } from "../../src/storage/postgres-client.ts";
import type { SqlClient } from "../../src/storage/sql-client.ts";
import { sqlStorage } from "../../src/storage/sql-storage.ts";
import { PRUNE_KINDS, type RunQuery, type Storage } from "../../src/storage/storage.ts";
import { temporarySchema, testDatabaseUrl } from "./test-database.ts";

/** Enough that reading all of them is dearer than any index. */
const RUNS = 40_000;
const LARGE_TABLES = new Set([
  ...["runs", "run_documents", "document_changes", "document_leaves", "batches", "batch_items"],
  ...["run_streams", "stream_chunks", "stream_writers"],
]);

/** 40,000 runs: 96 % have ended, 1,000 wait, 600 are under way; each with a document, some with more. */
const FILL = [
  `INSERT INTO runs (id, environment, task, engine, status, payload, tags, parent_id, root_id, depth, batch_id,
     idempotency_key, request_key, queue, claim_order_at, trigger_function, created_at, updated_at, finished_at,
     dispatched_at, parked, heartbeat_at, holder, delay_until, expires_at, attempt)
   SELECT 'run_' || n, 'env', 'task' || n % 50, CASE n % 2 WHEN 0 THEN 'bullmq' ELSE 'inline' END,
     s.status, '["application/json"]', ARRAY['all', 'user' || n % 4000], CASE WHEN n % 20 = 1 THEN 'run_' || n - 1 END,
     CASE WHEN n % 20 = 1 THEN 'run_' || n - 1 END, n % 20, CASE WHEN n % 10 = 0 THEN 'batch_' || n % 400 END,
     CASE WHEN n % 7 = 0 THEN 'key' || n END, 'request' || n, 'queue' || n % 30,
     now() - n * interval '1 minute', 'trigger', now() - n * interval '1 minute', now(),
     CASE WHEN s.status = 'COMPLETED' THEN now() - n * interval '1 minute' END,
     CASE WHEN s.status = 'QUEUED' AND n % 4 = 0 THEN now() - interval '1 hour' END, s.status = 'QUEUED' AND n % 8 = 2,
     CASE WHEN s.status = 'EXECUTING' THEN now() END, CASE WHEN s.status = 'EXECUTING' THEN 'holder' || n % 4 END,
     CASE WHEN s.status = 'DELAYED' THEN now() + n * interval '1 minute' END,
     CASE WHEN s.status = 'QUEUED' AND n % 5 = 0 THEN now() + n * interval '1 hour' END, 1
   FROM generate_series(1, ${RUNS}) n, LATERAL (SELECT CASE WHEN n <= 600 THEN 'EXECUTING' WHEN n <= 1600 THEN 'QUEUED'
     WHEN n <= 1700 THEN 'DELAYED' ELSE 'COMPLETED' END AS status) s`,
  `INSERT INTO run_documents (id, metadata, dedupe, version, updated_at)
   SELECT 'run_' || n, json_build_object('all', 'yes', 'user', (n % 4000)::text, 'text', repeat('x', 500)), '{}', 3, now()
   FROM generate_series(1, ${RUNS}) n`,
  `INSERT INTO document_changes (id, version, at, attempt, operations)
   SELECT 'run_' || n, v, now(), 1, '[]' FROM generate_series(1, ${RUNS}, 4) n, generate_series(1, 3) v`,
  `INSERT INTO document_leaves (id, version, leaves)
   SELECT 'run_' || n, 3, ARRAY['all=yes', 'user=' || n % 4000] FROM generate_series(1, ${RUNS}) n`,
  `INSERT INTO run_streams (run_id, key, chunks, bytes)
   SELECT 'run_' || n, 'out', 10, 100 FROM generate_series(1, ${RUNS}, 10) n`,
  `INSERT INTO stream_chunks (run_id, key, position, chunk)
   SELECT 'run_' || n, 'out', p, '"x"' FROM generate_series(1, ${RUNS}, 10) n, generate_series(0, 9) p`,
  `INSERT INTO stream_writers (run_id, key, client)
   SELECT 'run_' || n, 'out', 'c' FROM generate_series(1, ${RUNS}, 10) n`,
  `INSERT INTO batches (id, environment, run_count, resume_parent_on_completion, created_at, updated_at, sealed)
   SELECT 'batch_' || n, 'env', 10, false, now() - n * interval '1 hour', now() - n * interval '1 hour', true
   FROM generate_series(1, 20000) n`,
  `INSERT INTO batch_items (batch_id, index, run_id)
   SELECT 'batch_' || n, i, 'run_' || n * 8 + i FROM generate_series(1, 4000) n, generate_series(0, 7) i`,
  `INSERT INTO queue_limits (environment, queue, concurrency_limit)
   SELECT 'env', 'queue' || n, 5 FROM generate_series(0, 29) n`,
  "ANALYZE",
];

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Total Cost": number;
  readonly Plans?: readonly PlanNode[];
}

/** Large tables that a plan reads as a whole. Below a limit that is soon reached, reading in any order is as good as an index. */
function wholeTableReads(node: PlanNode): string[] {
  const table = node["Relation Name"];
  const own =
    node["Node Type"] === "Seq Scan" && table !== undefined && LARGE_TABLES.has(table) ? [table] : [];
  const below = (node.Plans ?? []).filter((child) => !endsEarly(node, child));
  return [...own, ...below.flatMap(wholeTableReads)];
}

function endsEarly(limit: PlanNode, child: PlanNode): boolean {
  return limit["Node Type"] === "Limit" && limit["Total Cost"] < child["Total Cost"] / 10;
}

describe.skipIf(testDatabaseUrl === undefined)(
  `on 40,000 runs on PostgreSQL${testDatabaseUrl === undefined ? " (TEST_DATABASE_URL is not set)" : ""}`,
  () => {
    const { schema, drop } = temporarySchema(testDatabaseUrl ?? "");
    /** Statements that were planned with a read of a whole large table. */
    const slow: string[] = [];
    let planned = 0;
    let client: SqlClient;
    let storage: Storage;
    beforeAll(async () => {
      client = postgresClient({
        connectionString: testDatabaseUrl,
        max: 2,
        options: `-c search_path="${schema}"`,
      });
      await client.query(`CREATE SCHEMA "${schema}"`);
      let filled = false;
      const explaining: SqlClient = {
        async query(text, parameters, options) {
          if (filled) {
            const { rows } = await client.query<{ "QUERY PLAN": readonly [{ readonly Plan: PlanNode }] }>(
              `EXPLAIN (FORMAT JSON) ${text}`,
              parameters,
            );
            planned += 1;
            const tables = rows.flatMap((row) => wholeTableReads(row["QUERY PLAN"][0].Plan));
            if (tables.length > 0) slow.push(`${tables.join()}: ${text}`);
          }
          return await client.query(text, parameters, options);
        },
        close: () => client.close(),
      };
      storage = sqlStorage(async () => explaining);
      await storage.open();
      for (const text of FILL) await client.query(text);
      filled = true;
    });
    afterAll(async () => {
      await storage?.close();
      await drop();
    });

    async function readsNoWholeTable(what: () => Promise<unknown>): Promise<void> {
      slow.length = 0;
      planned = 0;
      await what();
      expect(slow).toEqual([]);
      expect(planned).toBeGreaterThan(0);
    }

    const pages: Readonly<Record<string, Partial<RunQuery>>> = {
      "the newest": {},
      "after a run": { after: "run_20000" },
      "before a run": { before: "run_20000" },
      "by a status that many have": { status: ["COMPLETED"] },
      "by a status that few have": { status: ["EXECUTING"] },
      "by a tag that all have": { tags: ["all"] },
      "by a tag that few have": { tags: ["user7"] },
      "by what all documents have": { metadata: [{ path: "all", value: "yes" }] },
      "by what few documents have": { metadata: [{ path: "user", value: "7" }] },
      "of a batch": { batchId: "batch_100" },
      "of a root": { rootId: "run_100" },
      "of a time": { from: new Date(Date.now() - 3_600_000), to: new Date() },
    };
    test.each(Object.entries(pages))("a page of runs: %s", (_name, query) =>
      readsNoWholeTable(() => storage.listRuns({ environment: "env", limit: 25, ...query })),
    );

    const lookUps: Readonly<Record<string, () => Promise<unknown>>> = {
      "a run": () => storage.findRun("env", "run_9"),
      children: () => storage.childrenOf("env", "run_20", 100),
      "a page of a history": () => storage.readHistory("env", "run_5", 1),
      "a page of a stream": () => storage.readStream("run_11", "out", 3),
      "a batch": () => storage.findBatch("env", "batch_7"),
      "by idempotency key": () => storage.findRunByIdempotencyKey("env", "task7", "key7"),
      "by request key": () => storage.findRunByRequestKey("env", "task7", "request7"),
      "runs by tags, for realtime": () =>
        storage.readGroup({ environment: "env", tags: ["user7"] }, undefined),
    };
    test.each(Object.entries(lookUps))("a look at %s", (_name, look) => readsNoWholeTable(look));

    test("a write of documents", () =>
      readsNoWholeTable(async () => {
        const rows = await storage.readDocuments(["run_1", "run_2"]);
        const change = { attempt: 1, operations: "[]" };
        const update = { metadata: "{}", dedupe: "{}", change };
        await storage.writeDocuments(
          rows.map(({ id, version }) => ({ id, expectedVersion: version, ...update })),
        );
      }));

    const engineSteps: Readonly<Record<string, () => Promise<unknown>>> = {
      "claims runs": () => storage.claimRuns({ engine: "inline", holder: "me", limit: 10, tasks: ["task7"] }),
      "hands runs over": () => storage.dispatchRuns({ engine: "bullmq", limit: 10 }),
      "looks for lost jobs": () => storage.dispatchRuns({ engine: "bullmq", limit: 10, lostAfterMs: 1_000 }),
      "wakes the runs of a queue": () =>
        storage.wakeParkedRuns("bullmq", { environment: "env", queue: "queue2", concurrencyKey: "" }),
      "wakes the runs of all queues": () => storage.wakeParkedRuns("bullmq"),
      "promotes what is due": () => storage.promoteDueRuns(new Date()),
      "confirms its runs": () => storage.heartbeat("holder1", ["run_1", "run_5", "run_9"]),
      "looks for silent workers": () => storage.findSilentRuns("bullmq", new Date(Date.now() - 60_000)),
      "begins a run if its queue has room": () =>
        storage.transitionRun({
          id: "run_1000",
          from: ["QUEUED"],
          ifQueueHasRoom: true,
          change: { status: "EXECUTING" },
        }),
    };
    test.each(Object.entries(engineSteps))("an engine %s", (_name, step) => readsNoWholeTable(step));

    test.each(PRUNE_KINDS)("a portion of %s that are deleted", (kind) =>
      readsNoWholeTable(() =>
        storage.pruneSome({
          kind,
          before: new Date(Date.now() - 86_400_000),
          after: undefined,
          dryRun: false,
        }),
      ),
    );
  },
);
