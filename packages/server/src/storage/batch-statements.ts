import { LIVE_STATUSES } from "@runmeta/runtime/protocol";
import type { SqlClient } from "./sql-client.ts";
import { type BatchRow, type NewBatch, StorageError } from "./storage.ts";
import { storedName } from "./stored-text.ts";

const REPEATABLE = { repeatable: true } as const;

interface BatchRecord {
  readonly id: string;
  readonly environment: string;
  readonly run_count: number;
  readonly parent_id: string | null;
  readonly resume_parent_on_completion: boolean;
  readonly idempotency_key: string | null;
  readonly request_key: string | null;
  readonly sealed: boolean;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly items: string;
  readonly live_runs: number;
}

const SELECT_BATCH = `
SELECT b.*, (SELECT coalesce(json_agg(json_build_array(i.index, i.run_id) ORDER BY i.index), '[]')::text
  FROM batch_items i WHERE i.batch_id = b.id) AS items,
  (SELECT count(*) FROM batch_items i JOIN runs r ON r.id = i.run_id
   WHERE i.batch_id = b.id AND r.status = ANY('{${LIVE_STATUSES.join()}}'::text[]))::integer AS live_runs
  FROM batches b`;

/**
 * A key counts for 30 days. Of a batch whose items never came in full it counts for a day, and only for as many items:
 * those of another size would not fit.
 */
const RELEASE_BATCH_KEY = `
UPDATE batches SET idempotency_key = NULL
WHERE environment = $1 AND idempotency_key = $2
  AND (created_at < now() - interval '30 days' OR (NOT sealed AND (run_count <> $3 OR created_at < now() - interval '1 day')))`;

/** Inserts a batch; where its request key, idempotency key or id exists already, gives back the batch that has it. */
export async function insertBatch(client: SqlClient, batch: NewBatch): Promise<BatchRow> {
  const key = batch.idempotencyKey === undefined ? null : storedName(batch.idempotencyKey);
  if (key !== null)
    await client.query(RELEASE_BATCH_KEY, [batch.environment, key, batch.runCount], REPEATABLE);
  await client.query(
    `INSERT INTO batches (id, environment, run_count, parent_id, resume_parent_on_completion, idempotency_key,
       request_key, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, now(), now()) ON CONFLICT DO NOTHING`,
    [
      batch.id,
      batch.environment,
      batch.runCount,
      batch.parentId ?? null,
      batch.resumeParentOnCompletion,
      key,
      batch.requestKey ?? null,
    ],
    REPEATABLE,
  );
  const row = await selectBatch(
    client,
    `b.environment = $1 AND (b.id = $2 OR b.idempotency_key = $3 OR b.request_key = $4)
     ORDER BY b.id = $2 DESC, b.request_key IS NOT DISTINCT FROM $4 DESC LIMIT 1`,
    [batch.environment, batch.id, key, batch.requestKey ?? null],
  );
  return required(row, batch.id);
}

/** A batch with its items. */
export async function findBatch(
  client: SqlClient,
  environment: string,
  id: string,
): Promise<BatchRow | undefined> {
  return selectBatch(client, "b.environment = $1 AND b.id = $2", [environment, storedName(id)]);
}

/**
 * Records items, each index once, and seals the batch when all are in. Two statements on purpose: the second one
 * counts what every request has committed, so of two requests that bring the last items together one seals.
 */
export async function addBatchItems(
  client: SqlClient,
  id: string,
  items: readonly { index: number; runId: string }[],
): Promise<BatchRow> {
  await client.query(
    `INSERT INTO batch_items (batch_id, index, run_id)
     SELECT b.id, x.index, x."runId" FROM batches b, json_to_recordset($2::json) AS x(index integer, "runId" text)
     WHERE b.id = $1 ORDER BY x.index FOR KEY SHARE OF b ON CONFLICT DO NOTHING`,
    [id, JSON.stringify(items)],
    REPEATABLE,
  );
  await client.query(
    `UPDATE batches SET updated_at = now(),
       sealed = sealed OR (SELECT count(*) FROM batch_items WHERE batch_id = $1) >= run_count
     WHERE id = $1`,
    [id],
    REPEATABLE,
  );
  return required(await selectBatch(client, "b.id = $1", [id]), id);
}

async function selectBatch(
  client: SqlClient,
  condition: string,
  parameters: readonly unknown[],
): Promise<BatchRow | undefined> {
  const result = await client.query<BatchRecord>(
    `${SELECT_BATCH} WHERE ${condition}`,
    parameters,
    REPEATABLE,
  );
  return result.rows.map(toBatchRow)[0];
}

function toBatchRow(record: BatchRecord): BatchRow {
  return {
    id: record.id,
    environment: record.environment,
    runCount: record.run_count,
    parentId: record.parent_id ?? undefined,
    resumeParentOnCompletion: record.resume_parent_on_completion,
    idempotencyKey: record.idempotency_key ?? undefined,
    requestKey: record.request_key ?? undefined,
    createdAt: record.created_at,
    updatedAt: record.updated_at,
    sealed: record.sealed,
    // Built by json_build_array in the statement above.
    items: new Map(JSON.parse(record.items) as [number, string][]),
    liveRuns: record.live_runs,
  };
}

function required(row: BatchRow | undefined, id: string): BatchRow {
  if (row) return row;
  throw new StorageError(
    "STORAGE_UNAVAILABLE",
    `The database did not keep batch ${id} that it had accepted.`,
  );
}
