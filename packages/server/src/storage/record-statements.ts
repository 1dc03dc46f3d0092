import type { NewRecord, RecordQuery, RecordRow, RecordStorage, RecordUpdate } from "./record-storage.ts";
import type { SqlClient } from "./sql-client.ts";
import { storedName } from "./stored-text.ts";

const REPEATABLE = { repeatable: true } as const;

/** Numbers as text: they are compared and shown, never counted with. */
const COLUMNS = `environment, id, number::text AS number, version::text AS version, type, name, metadata, messages,
  create_key, update_key, created_at, updated_at`;

interface RecordRecord {
  readonly environment: string;
  readonly id: string;
  readonly number: string;
  readonly version: string;
  readonly type: string;
  readonly name: string;
  readonly metadata: string;
  readonly messages: string | null;
  readonly create_key: string;
  readonly update_key: string;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** The records of the Runtype API over any client that speaks PostgreSQL's dialect. */
export function recordStatements(client: () => SqlClient): RecordStorage {
  return {
    insertRecord: async (record) => insertRecord(client(), record),
    findRecord: async (environment, id, createKey) => findRecord(client(), environment, id, createKey),
    listRecords: async (query) => listRecords(client(), query),
    updateRecord: async (update) => updateRecord(client(), update),
    deleteRecord: async (environment, id, ifVersions) => deleteRecord(client(), environment, id, ifVersions),
  };
}

async function insertRecord(client: SqlClient, record: NewRecord): Promise<RecordRow | undefined> {
  const text = `INSERT INTO records (environment, id, type, name, metadata, messages, create_key, update_key)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`;
  const { environment, id, type, name, metadata, messages, createKey } = record;
  // A second run finds the row of the first one by its key.
  return one(client, text, [environment, id, type, name, metadata, messages, storedName(createKey)]);
}

async function findRecord(
  client: SqlClient,
  environment: string,
  id: string,
  createKey: string | undefined,
): Promise<RecordRow | undefined> {
  const text = `SELECT ${COLUMNS} FROM records WHERE environment = $1 AND (id = $2 OR create_key = $3)
    ORDER BY id = $2 DESC LIMIT 1`;
  return one(client, text, [environment, id, createKey === undefined ? null : storedName(createKey)]);
}

async function listRecords(client: SqlClient, query: RecordQuery): Promise<RecordRow[]> {
  // The page before a cursor is the one nearest to it: read it upwards, then turn it round.
  const backwards = query.before !== undefined && query.after === undefined;
  // Without the table's name the order would be that of the selected text: "9" before "10".
  const text = `SELECT ${COLUMNS} FROM records WHERE environment = $1
    AND ($2::text IS NULL OR type = $2) AND ($3::text IS NULL OR name = $3)
    AND ($4::bigint IS NULL OR number < $4) AND ($5::bigint IS NULL OR number > $5)
    ORDER BY records.number ${backwards ? "ASC" : "DESC"} LIMIT $6::integer`;
  const { environment, type, name, after, before, limit } = query;
  const result = await client.query<RecordRecord>(
    text,
    [environment, type ?? null, name ?? null, after ?? null, before ?? null, limit],
    REPEATABLE,
  );
  const rows = result.rows.map(toRecordRow);
  return backwards ? rows.reverse() : rows;
}

async function updateRecord(client: SqlClient, update: RecordUpdate): Promise<RecordRow | undefined> {
  const text = `UPDATE records SET
      type = coalesce($3, type), name = coalesce($4, name), metadata = coalesce($5, metadata),
      messages = CASE WHEN $6::boolean THEN $7 ELSE messages END,
      version = nextval('record_numbers'), update_key = $8, updated_at = now()
    WHERE environment = $1 AND id = $2 AND update_key <> $8
      AND ($9::bigint[] IS NULL OR version = ANY($9::bigint[]))
    RETURNING ${COLUMNS}`;
  const { environment, id, type, name, metadata, messages, ifVersions, updateKey } = update;
  return one(client, text, [
    environment,
    id,
    type ?? null,
    name ?? null,
    metadata ?? null,
    messages !== undefined,
    messages ?? null,
    storedName(updateKey),
    ifVersions ?? null,
  ]);
}

async function deleteRecord(
  client: SqlClient,
  environment: string,
  id: string,
  ifVersions: readonly string[] | undefined,
): Promise<boolean> {
  const text = `DELETE FROM records WHERE environment = $1 AND id = $2
    AND ($3::bigint[] IS NULL OR version = ANY($3::bigint[]))`;
  // Not repeatable: a second run would find nothing and say so.
  const result = await client.query(text, [environment, id, ifVersions ?? null]);
  return result.affectedRows > 0;
}

async function one(
  client: SqlClient,
  text: string,
  parameters: readonly unknown[],
): Promise<RecordRow | undefined> {
  const result = await client.query<RecordRecord>(text, parameters, REPEATABLE);
  return result.rows.map(toRecordRow)[0];
}

function toRecordRow(record: RecordRecord): RecordRow {
  return {
    environment: record.environment,
    id: record.id,
    number: record.number,
    version: record.version,
    type: record.type,
    name: record.name,
    metadata: record.metadata,
    messages: record.messages,
    createKey: record.create_key,
    updateKey: record.update_key,
    createdAt: record.created_at,
    updatedAt: record.updated_at,
  };
}
