import type { NewSession, SessionChange, SessionQuery, SessionRow } from "./session-storage.ts";
import type { SqlClient } from "./sql-client.ts";
import { StorageError } from "./storage.ts";
import { storedName } from "./stored-text.ts";

const REPEATABLE = { repeatable: true } as const;

interface SessionRecord {
  readonly id: string;
  readonly environment: string;
  readonly external_id: string | null;
  readonly type: string;
  readonly task: string;
  readonly trigger_config: string;
  readonly current_run_id: string | null;
  readonly tags: string[];
  readonly metadata: string | null;
  readonly closed_at: Date | null;
  readonly closed_reason: string | null;
  readonly expires_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** Inserts a session, or gives back the one that has its external id (or id). */
export async function insertSession(client: SqlClient, session: NewSession): Promise<SessionRow> {
  const { id, environment } = session;
  const externalId = session.externalId === undefined ? null : storedName(session.externalId);
  await client.query(
    `INSERT INTO sessions (id, environment, external_id, type, task, trigger_config, tags, metadata, expires_at,
       created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7::text[], $8, $9::timestamptz, now(), now()) ON CONFLICT DO NOTHING`,
    [
      id,
      environment,
      externalId,
      storedName(session.type),
      storedName(session.task),
      session.triggerConfig,
      session.tags.map(storedName),
      session.metadata ?? null,
      session.expiresAt ?? null,
    ],
    REPEATABLE,
  );
  const [row] = await select(
    client,
    "SELECT * FROM sessions WHERE environment = $1 AND (id = $2 OR external_id = $3) ORDER BY id = $2 DESC LIMIT 1",
    [environment, id, externalId],
  );
  if (row !== undefined) return row;
  throw new StorageError(
    "STORAGE_UNAVAILABLE",
    `The database did not keep session ${id} that it had accepted.`,
  );
}

/** By id (`session_…`), or by external id. */
export async function findSession(
  client: SqlClient,
  environment: string,
  name: string,
): Promise<SessionRow | undefined> {
  const column = name.startsWith("session_") ? "id" : "external_id";
  const text = `SELECT * FROM sessions WHERE environment = $1 AND ${column} = $2`;
  return (await select(client, text, [environment, storedName(name)]))[0];
}

/** One page of sessions, newest first. */
export async function listSessions(client: SqlClient, query: SessionQuery): Promise<SessionRow[]> {
  const parameters: unknown[] = [query.environment];
  const conditions = ["environment = $1"];
  const where = (value: unknown, condition: (parameter: string) => string): void => {
    if (value === undefined) return;
    parameters.push(Array.isArray(value) ? value.map(storedName) : value);
    conditions.push(condition(`$${parameters.length}`));
  };
  where(query.types, (p) => `type = ANY(${p}::text[])`);
  where(query.tasks, (p) => `task = ANY(${p}::text[])`);
  where(query.tags, (p) => `tags && ${p}::text[]`);
  where(query.externalId, (p) => `external_id = ${p}`);
  where(query.from, (p) => `created_at >= ${p}::timestamptz`);
  where(query.to, (p) => `created_at <= ${p}::timestamptz`);
  if (query.statuses !== undefined) {
    const { statuses } = query;
    where(
      query.now,
      (
        p,
      ) => `CASE WHEN closed_at IS NOT NULL THEN 'CLOSED' WHEN expires_at <= ${p}::timestamptz THEN 'EXPIRED'
        ELSE 'ACTIVE' END IN (${statuses.map((status) => `'${status}'`).join(", ")})`,
    );
  }
  const edge = (p: string) => `(SELECT created_at, id FROM sessions WHERE environment = $1 AND id = ${p})`;
  where(query.after, (p) => `(created_at, id) < ${edge(p)}`);
  where(query.before, (p) => `(created_at, id) > ${edge(p)}`);
  // The page before a cursor is the one nearest to it: read it upwards, then turn it round.
  const backwards = query.before !== undefined && query.after === undefined;
  const order = backwards ? "ASC" : "DESC";
  parameters.push(query.limit);
  const text = `SELECT * FROM sessions WHERE ${conditions.join(" AND ")}
    ORDER BY created_at ${order}, id ${order} LIMIT $${parameters.length}::integer`;
  const rows = await select(client, text, parameters);
  return backwards ? rows.reverse() : rows;
}

/** Changes what is named, in one statement. */
export async function updateSession(
  client: SqlClient,
  environment: string,
  id: string,
  change: SessionChange,
): Promise<SessionRow | undefined> {
  const text = `UPDATE sessions SET updated_at = now(), tags = coalesce($3::text[], tags),
      metadata = CASE WHEN $4::boolean THEN $5 ELSE metadata END,
      trigger_config = coalesce($6, trigger_config)
    WHERE environment = $1 AND id = $2 RETURNING *`;
  const rows = await select(client, text, [
    environment,
    id,
    change.tags?.map(storedName) ?? null,
    change.metadata !== undefined,
    change.metadata ?? null,
    change.triggerConfig ?? null,
  ]);
  return rows[0];
}

/** The first close wins, whatever comes at the same time. */
export async function closeSession(
  client: SqlClient,
  environment: string,
  id: string,
  reason: string | undefined,
): Promise<SessionRow | undefined> {
  const text = `UPDATE sessions SET updated_at = now(), closed_at = now(), closed_reason = $3
    WHERE environment = $1 AND id = $2 AND closed_at IS NULL RETURNING *`;
  const rows = await select(client, text, [
    environment,
    id,
    reason === undefined ? null : storedName(reason),
  ]);
  return rows[0];
}

/** Of two that start a run for one session, one gets its run in. */
export async function setSessionRun(
  client: SqlClient,
  environment: string,
  id: string,
  { runId, previousRunId }: { readonly runId: string; readonly previousRunId: string | undefined },
): Promise<SessionRow | undefined> {
  const text = `UPDATE sessions SET updated_at = now(), current_run_id = $3
    WHERE environment = $1 AND id = $2 AND closed_at IS NULL
      AND (current_run_id IS NOT DISTINCT FROM $4 OR current_run_id = $3) RETURNING *`;
  return (await select(client, text, [environment, id, runId, previousRunId ?? null]))[0];
}

async function select(
  client: SqlClient,
  text: string,
  parameters: readonly unknown[],
): Promise<SessionRow[]> {
  const result = await client.query<SessionRecord>(text, parameters, REPEATABLE);
  return result.rows.map(toSessionRow);
}

function toSessionRow(record: SessionRecord): SessionRow {
  return {
    id: record.id,
    environment: record.environment,
    externalId: record.external_id ?? undefined,
    type: record.type,
    task: record.task,
    triggerConfig: record.trigger_config,
    currentRunId: record.current_run_id ?? undefined,
    tags: record.tags,
    metadata: record.metadata ?? undefined,
    closedAt: record.closed_at ?? undefined,
    closedReason: record.closed_reason ?? undefined,
    expiresAt: record.expires_at ?? undefined,
    createdAt: record.created_at,
    updatedAt: record.updated_at,
  };
}
