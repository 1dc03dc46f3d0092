import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pgliteStorage, postgresStorage, type Storage } from "@runmeta/server";
// The one table below the public surface: over HTTP its own cost would hide what a group costs.
import { MetadataWriter } from "../../../packages/server/src/service/metadata-writer.ts";
import { migrate } from "../../../packages/server/src/storage/migrate.ts";
import { migrations } from "../../../packages/server/src/storage/migrations/migrations.ts";
import { openPgliteDirectory } from "../../../packages/server/src/storage/open-pglite.ts";
import { postgresClient } from "../../../packages/server/src/storage/postgres-client.ts";
import type { SqlClient } from "../../../packages/server/src/storage/sql-client.ts";
import { type Line, rateLine, type Table } from "../table.ts";

/** Runs that write at once, and rows of a raw statement. */
const RUNS = 500;
/** Updates of each run in a round. */
const UPDATES = 10;
const BODY_HASH = createHash("sha256").update("").digest("hex");

const CREATE_RAW = `
DROP TABLE IF EXISTS bench_documents;
CREATE TABLE bench_documents (id text PRIMARY KEY, metadata text NOT NULL, version bigint NOT NULL) WITH (fillfactor = 50);
ALTER TABLE bench_documents ALTER COLUMN metadata SET STORAGE EXTERNAL;`;
const WRITE_RAW = `
UPDATE bench_documents d SET metadata = u.metadata, version = d.version + 1
FROM json_to_recordset($1::json) AS u(id text, expected bigint, metadata text)
WHERE d.id = u.id AND d.version = u.expected`;

const ids = Array.from({ length: RUNS }, (_, index) => `run_grouped${index}`);

/** What is written into each document beside a counter. */
interface Content {
  readonly name: string;
  /** The text after so many updates: the history keeps it only where it is a new one. */
  text(update: number): string;
}

function contents(bytes: number): readonly Content[] {
  const length = bytes - 40;
  const same = "x".repeat(length);
  return [
    { name: `a counter in ${bytes / 1_000} KB`, text: () => same },
    {
      name: `a counter and ${bytes / 1_000} KB of new text`,
      text: (update) => String(update).padStart(length, "x"),
    },
  ];
}

/** Documents a second, by nothing but the statement: no read, no operation, no duplicate looked for. */
async function rawRound(client: SqlClient, content: Content, firstVersion: number): Promise<number> {
  const start = performance.now();
  for (let update = 0; update < UPDATES; update += 1) {
    const expected = firstVersion + update;
    const rows = ids.map((id) => ({
      id,
      expected,
      metadata: JSON.stringify({ padding: content.text(expected), n: expected }),
    }));
    const { affectedRows } = await client.query(WRITE_RAW, [JSON.stringify(rows)]);
    if (affectedRows !== RUNS) throw new Error(`${affectedRows} of ${RUNS} rows written`);
  }
  return (RUNS * UPDATES) / ((performance.now() - start) / 1_000);
}

/** The same number of updates through the writer of the server: operations applied, limit and duplicates checked. */
async function oursRound(writer: MetadataWriter, content: Content, firstSequence: number): Promise<number> {
  const start = performance.now();
  await Promise.all(
    ids.map(async (runId) => {
      for (let update = 0; update < UPDATES; update += 1) {
        const sequence = firstSequence + update;
        const padding = content.text(sequence);
        const result = await writer.update({
          environment: "dev",
          runId,
          update: {
            operations: [
              { type: "set", key: "padding", value: padding },
              { type: "increment", key: "n", value: 1 },
            ],
          },
          idempotencyKey: `${runId}.${sequence}`,
          bodyHash: BODY_HASH,
          bodyBytes: padding.length + 100,
        });
        if (result.status !== "updated") throw new Error(`an update was answered ${result.status}`);
      }
    }),
  );
  return (RUNS * UPDATES) / ((performance.now() - start) / 1_000);
}

async function compare(
  name: string,
  rounds: number,
  bytes: number,
  storage: Storage,
  client: SqlClient,
): Promise<Line[]> {
  for (const statement of CREATE_RAW.split(";").filter((text) => text.trim() !== ""))
    await client.query(statement);
  await client.query(
    "INSERT INTO bench_documents SELECT id, '{}', 0 FROM unnest($1::text[]) AS x(id) ORDER BY id",
    [ids],
  );
  await storage.open();
  await storage.insertRuns(
    ids.map((id) => ({
      id,
      environment: "dev",
      task: "bench",
      engine: "none",
      status: "QUEUED",
      payload: { data: undefined, dataType: "application/json" },
      metadata: "{}",
      tags: [],
      depth: 0,
      triggerFunction: "trigger",
    })),
  );
  const writer = new MetadataWriter({ storage, maximumSizeBytes: 4 * bytes });
  const lines: Line[] = [];
  let written = 0;
  for (const content of contents(bytes)) {
    const rates: Record<"raw" | "ours", number[]> = { raw: [], ours: [] };
    // The first round of each only warms up.
    for (let round = 0; round <= rounds; round += 1, written += UPDATES) {
      rates.raw.push(await rawRound(client, content, written));
      rates.ours.push(await oursRound(writer, content, written + 1));
    }
    lines.push(rateLine(`${name}, ${content.name}`, rates.raw.slice(1), rates.ours.slice(1), 0.8));
  }
  await writer.close();
  await storage.close();
  await client.query("DROP TABLE bench_documents");
  await client.close();
  return lines;
}

/** What is left of the engine's own speed when the server commits updates in groups. */
export async function groupedPuts(rounds: number): Promise<Table> {
  const lines: Line[] = [];
  for (const bytes of [1_000, 16_000]) {
    const directory = await mkdtemp(join(tmpdir(), "runmeta-bench-"));
    const raw = await openPgliteDirectory({ directory: join(directory, "raw"), fsync: true });
    // Its vacuum timer expects the tables.
    await migrate(raw, migrations);
    const storage = pgliteStorage({ directory: join(directory, "ours") });
    lines.push(...(await compare("PGlite on disk, synced", rounds, bytes, storage, raw)));
    await rm(directory, { recursive: true, force: true });
    const url = process.env.TEST_DATABASE_URL;
    if (url === undefined || url === "") continue;
    const schema = `runmeta_bench_${process.pid}`;
    const client = postgresClient({ connectionString: url, options: `-c search_path="${schema}"`, max: 1 });
    const created = postgresStorage({ connectionString: url, schema });
    await created.open();
    await created.close();
    lines.push(
      ...(await compare(
        "PostgreSQL",
        rounds,
        bytes,
        postgresStorage({ connectionString: url, schema }),
        client,
      )),
    );
    const cleaner = postgresClient({ connectionString: url, max: 1 });
    await cleaner.query(`DROP SCHEMA "${schema}" CASCADE`);
    await cleaner.close();
  }
  return {
    title: `Updates of ${RUNS} runs, committed in groups`,
    peer: "raw grouped statements",
    unit: "/s",
    ratioAs: "share",
    lines,
  };
}
