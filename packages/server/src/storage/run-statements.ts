import { leafTerm, matchesLeaves } from "./document-leaves.ts";
import { findByTerms } from "./leaf-statements.ts";
import {
  type RunRecord,
  type RunSummaryRecord,
  SELECT_RUNS,
  SELECT_SUMMARIES,
  SUMMARY_COLUMNS,
  toRunRow,
  toRunSummary,
} from "./run-row.ts";
import type { SqlClient } from "./sql-client.ts";
import type { NewRun, RunQuery, RunRow, RunSummary } from "./storage.ts";
import { encodePacket, storedName } from "./stored-text.ts";

const REPEATABLE = { repeatable: true } as const;

// Rows of one call get created_at one microsecond apart, so that they keep their order.
const INSERT_RUNS = `
WITH new AS (
  SELECT x.*, now() + x.position * interval '1 microsecond' AS created
  FROM json_to_recordset($1::json) AS x(
    position integer, id text, environment text, task text, engine text, status text, payload text, packet_id text, metadata text,
    tags json, parent text, root text, depth integer, batch text, key text, key_expires timestamptz,
    key_options text, request_key text, delay_until timestamptz, ttl double precision, ttl_text text, max_attempts integer,
    max_duration double precision, queue text, concurrency_key text, priority double precision, is_test boolean,
    machine text, locked_version text, region text, debounce_key text, trigger_function text)
), r AS (
  INSERT INTO runs (id, environment, task, engine, status, payload, initial_metadata, tags, parent_id, root_id, depth, batch_id,
    idempotency_key, idempotency_key_expires_at, idempotency_key_options, request_key, delay_until, ttl_seconds, ttl_text,
    expires_at, max_attempts, max_duration_seconds, queue, concurrency_key, priority, claim_order_at, is_test,
    machine, locked_version, region, debounce_key, trigger_function, created_at, updated_at)
  SELECT id, environment, task, engine, status,
    coalesce((SELECT p.packet FROM packets p WHERE p.id = packet_id), payload), nullif(metadata, '{}'), ARRAY(SELECT json_array_elements_text(tags)), parent, root,
    depth, batch, key, key_expires, key_options, request_key, delay_until, ttl, ttl_text,
    coalesce(delay_until, created) + ttl * interval '1 second', max_attempts, max_duration, queue, concurrency_key,
    priority, created - coalesce(priority, 0) * interval '1 second', is_test,
    machine, locked_version, region, debounce_key, trigger_function, created, created
  FROM new ORDER BY position
  ON CONFLICT DO NOTHING
  RETURNING *
), d AS (
  INSERT INTO run_documents (id, metadata, dedupe, updated_at)
  SELECT r.id, new.metadata, '{}', r.created_at FROM r JOIN new ON new.id = r.id AND new.created = r.created_at
  RETURNING *
), changed AS (
  INSERT INTO changed_documents (ids) SELECT array_agg(d.id) FROM d WHERE d.metadata <> '{}' HAVING count(*) > 0
)
SELECT ${SUMMARY_COLUMNS} FROM r JOIN d ON d.id = r.id ORDER BY r.created_at`;

const RELEASE_EXPIRED_KEYS = `
UPDATE runs r SET idempotency_key_released = true
FROM json_to_recordset($1::json) AS x(environment text, task text, key text)
WHERE r.environment = x.environment AND r.task = x.task AND r.idempotency_key = x.key
  AND r.idempotency_key_expires_at <= now() AND NOT r.idempotency_key_released`;

/** Inserts runs with their documents; leaves out those whose id exists or whose idempotency key another run holds. */
export async function insertRuns(client: SqlClient, runs: readonly NewRun[]): Promise<RunSummary[]> {
  if (runs.length === 0) return [];
  const rows = runs.map(insertRow);
  const keyed = rows.filter((row) => row.key !== undefined);
  if (keyed.length > 0) {
    const keys = keyed.map(({ environment, task, key }) => ({ environment, task, key }));
    await client.query(RELEASE_EXPIRED_KEYS, [JSON.stringify(keys)], REPEATABLE);
  }
  const result = await client.query<RunSummaryRecord>(INSERT_RUNS, [JSON.stringify(rows)]);
  return result.rows.map(toRunSummary);
}

function insertRow(run: NewRun, position: number) {
  return {
    position,
    id: run.id,
    environment: run.environment,
    task: storedName(run.task),
    engine: run.engine,
    status: run.status,
    payload: encodePacket(run.payload),
    packet_id: run.payloadPacketId,
    metadata: run.metadata,
    tags: run.tags.map(storedName),
    parent: run.parentId,
    root: run.rootId,
    depth: run.depth,
    batch: run.batchId,
    key: optionalName(run.idempotencyKey),
    key_expires: run.idempotencyKeyExpiresAt,
    key_options: run.idempotencyKeyOptions && JSON.stringify(run.idempotencyKeyOptions),
    request_key: optionalName(run.requestKey),
    delay_until: run.delayUntil,
    ttl: run.ttlSeconds,
    ttl_text: run.ttlText,
    max_attempts: run.maxAttempts,
    max_duration: run.maxDurationSeconds,
    queue: optionalName(run.queue),
    concurrency_key: optionalName(run.concurrencyKey),
    priority: run.priority,
    is_test: run.isTest,
    machine: run.machine,
    locked_version: optionalName(run.lockedVersion),
    region: optionalName(run.region),
    debounce_key: optionalName(run.debounceKey),
    trigger_function: run.triggerFunction,
  };
}

function optionalName(name: string | undefined): string | undefined {
  return name === undefined ? undefined : storedName(name);
}

/** Runs of one environment by id, in no particular order. */
export async function findRuns(
  client: SqlClient,
  environment: string,
  ids: readonly string[],
): Promise<RunRow[]> {
  if (ids.length === 0) return [];
  return selectRuns(client, `${SELECT_RUNS} WHERE r.environment = $1 AND r.id = ANY($2::text[])`, [
    environment,
    ids.map(storedName),
  ]);
}

/** The newest direct children of a run, oldest first. */
export async function childrenOf(
  client: SqlClient,
  environment: string,
  parentId: string,
  limit: number,
): Promise<RunSummary[]> {
  const text = `${SELECT_SUMMARIES} WHERE r.environment = $1 AND r.parent_id = $2
    ORDER BY r.created_at DESC, r.id DESC LIMIT $3::integer`;
  return (await selectSummaries(client, text, [environment, storedName(parentId), limit])).reverse();
}

/** The newest run of the task that holds this idempotency key. */
export async function findRunByIdempotencyKey(
  client: SqlClient,
  environment: string,
  task: string,
  key: string,
): Promise<RunRow | undefined> {
  const text = `${SELECT_RUNS} WHERE r.environment = $1 AND r.task = $2 AND r.idempotency_key = $3
    AND NOT r.idempotency_key_released
    AND r.status NOT IN ('FAILED', 'CRASHED', 'SYSTEM_FAILURE', 'TIMED_OUT', 'EXPIRED')
    AND (r.idempotency_key_expires_at IS NULL OR r.idempotency_key_expires_at > now())
    ORDER BY r.created_at DESC LIMIT 1`;
  return (await selectRuns(client, text, [environment, storedName(task), storedName(key)]))[0];
}

/** Frees an idempotency key; false when no run of the task holds it. Repeatable would not do: the second answer is no. */
export async function releaseIdempotencyKey(
  client: SqlClient,
  environment: string,
  task: string,
  key: string,
): Promise<boolean> {
  const result = await client.query(
    `UPDATE runs SET idempotency_key_released = true
     WHERE environment = $1 AND task = $2 AND idempotency_key = $3 AND NOT idempotency_key_released`,
    [environment, storedName(task), storedName(key)],
  );
  return result.affectedRows > 0;
}

/** The newest run of the task that this HTTP request (or an earlier try of it) triggered. */
export async function findRunByRequestKey(
  client: SqlClient,
  environment: string,
  task: string,
  key: string,
): Promise<RunRow | undefined> {
  const text = `${SELECT_RUNS} WHERE r.environment = $1 AND r.task = $2 AND r.request_key = $3
    ORDER BY r.created_at DESC LIMIT 1`;
  return (await selectRuns(client, text, [environment, storedName(task), storedName(key)]))[0];
}

/** One page of runs, newest first. */
export async function listRuns(client: SqlClient, query: RunQuery): Promise<RunSummary[]> {
  const { metadata, limit } = query;
  // The page before a cursor is the one nearest to it: read it upwards, then turn it round.
  const backwards = query.before !== undefined && query.after === undefined;
  const terms = metadata?.map(leafTerm);
  const ids = terms && (await findByTerms(client, terms));
  if (ids?.length === 0) return [];
  const rows: RunSummary[] = [];
  for (let part = query; ; ) {
    const found = await readRuns(client, part, backwards, { terms, ids });
    // What documents are found by can be older than they are, so pages are filled up with others.
    rows.push(
      ...(metadata === undefined ? found : found.filter((run) => matchesLeaves(run.metadata, metadata))),
    );
    const last = found.at(-1)?.id;
    if (rows.length >= limit || found.length < limit || last === undefined) break;
    part = { ...query, ...(backwards ? { before: last } : { after: last }) };
  }
  const page = rows.slice(0, limit);
  return backwards ? page.reverse() : page;
}

/** Runs in the order in which they are read. */
async function readRuns(
  client: SqlClient,
  query: RunQuery,
  backwards: boolean,
  found: { readonly terms: readonly string[] | undefined; readonly ids: readonly string[] | undefined },
): Promise<RunSummary[]> {
  const parameters: unknown[] = [query.environment];
  const conditions = ["r.environment = $1"];
  const where = (value: unknown, condition: (parameter: string) => string): void => {
    if (value === undefined) return;
    parameters.push(Array.isArray(value) ? value.map(storedName) : value);
    conditions.push(condition(`$${parameters.length}`));
  };
  where(query.status, (p) => `r.status = ANY(${p}::text[])`);
  where(query.tasks, (p) => `r.task = ANY(${p}::text[])`);
  where(query.tags, (p) => `r.tags && ${p}::text[]`);
  // A run without a queue waits in that of its task, as clients name it.
  where(query.queues, (p) => `coalesce(r.queue, 'task/' || r.task) = ANY(${p}::text[])`);
  where(query.machines, (p) => `r.machine = ANY(${p}::text[])`);
  where(query.versions, (p) => `r.locked_version = ANY(${p}::text[])`);
  where(query.regions, (p) => `r.region = ANY(${p}::text[])`);
  where(optionalName(query.batchId), (p) => `r.batch_id = ${p}`);
  where(optionalName(query.rootId), (p) => `r.root_id = ${p}`);
  where(query.isTest, (p) => `coalesce(r.is_test, false) = ${p}`);
  // Few are read by their ids, whatever the planner expects; of many the newest are soon found.
  where(found.ids, (p) => `r.id = ANY(${p}::text[])`);
  if (found.ids === undefined)
    where(found.terms, (p) => `r.id IN (SELECT id FROM document_leaves WHERE leaves @> ${p}::text[])`);
  where(query.from, (p) => `r.created_at >= ${p}::timestamptz`);
  where(query.to, (p) => `r.created_at <= ${p}::timestamptz`);
  where(
    optionalName(query.after),
    (p) => `(r.created_at, r.id) < (SELECT created_at, id FROM runs WHERE id = ${p})`,
  );
  where(
    optionalName(query.before),
    (p) => `(r.created_at, r.id) > (SELECT created_at, id FROM runs WHERE id = ${p})`,
  );
  const order = backwards ? "ASC" : "DESC";
  parameters.push(query.limit);
  const text = `${SELECT_SUMMARIES} WHERE ${conditions.join(" AND ")}
    ORDER BY r.created_at ${order}, r.id ${order} LIMIT $${parameters.length}::integer`;
  return selectSummaries(client, text, parameters);
}

async function selectRuns(
  client: SqlClient,
  text: string,
  parameters: readonly unknown[],
): Promise<RunRow[]> {
  const result = await client.query<RunRecord>(text, parameters, REPEATABLE);
  return result.rows.map(toRunRow);
}

async function selectSummaries(
  client: SqlClient,
  text: string,
  parameters: readonly unknown[],
): Promise<RunSummary[]> {
  const result = await client.query<RunSummaryRecord>(text, parameters, REPEATABLE);
  return result.rows.map(toRunSummary);
}
