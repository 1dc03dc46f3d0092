import type { SqlClient } from "./sql-client.ts";
import { type DocumentRow, type DocumentWrite, StorageError } from "./storage.ts";
import { storedName } from "./stored-text.ts";
import { textArray } from "./text-array.ts";

const READ_DOCUMENTS = `
SELECT d.id, r.environment, d.metadata, d.version::float8 AS version, d.dedupe, r.parent_id, r.root_id, r.finished_at,
  r.version::float8 AS run_version, r.attempt, d.change_count, d.change_bytes::float8 AS change_bytes
FROM run_documents d JOIN runs r ON r.id = d.id WHERE d.id = ANY($1::text[])`;

interface DocumentRecord {
  readonly id: string;
  readonly environment: string;
  readonly metadata: string;
  readonly version: number;
  readonly dedupe: string;
  readonly parent_id: string | null;
  readonly root_id: string | null;
  readonly finished_at: Date | null;
  readonly run_version: number;
  readonly attempt: number;
  readonly change_count: number;
  readonly change_bytes: number;
}

/** What a metadata write needs to know of each run; runs that do not exist are left out. */
export async function readDocuments(client: SqlClient, ids: readonly string[]): Promise<DocumentRow[]> {
  if (ids.length === 0) return [];
  const result = await client.query<DocumentRecord>(READ_DOCUMENTS, [ids.map(storedName)], {
    repeatable: true,
  });
  return result.rows.map((record) => ({
    id: record.id,
    environment: record.environment,
    metadata: record.metadata,
    version: record.version,
    dedupe: record.dedupe,
    parentId: record.parent_id ?? undefined,
    rootId: record.root_id ?? undefined,
    finishedAt: record.finished_at ?? undefined,
    runVersion: record.run_version,
    attempt: record.attempt,
    changeCount: record.change_count,
    changeBytes: record.change_bytes,
  }));
}

// Rows are locked in the order of their ids (or two servers deadlock), those that changed meanwhile fall out of
// `locked`, and then the count in the WHERE clauses stops the update of all of them, and their history.
const WRITE_DOCUMENTS = `
WITH u AS MATERIALIZED (
  SELECT x.id, x.expected::bigint AS expected, x.run_version::bigint AS run_version, x.metadata, x.dedupe,
    x.attempt::integer AS attempt, x.operations
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
    AS x(id, expected, run_version, metadata, dedupe, attempt, operations)
), locked AS MATERIALIZED (
  SELECT d.id FROM run_documents d JOIN u ON u.id = d.id JOIN runs r ON r.id = u.id
  WHERE d.version = u.expected AND r.version = coalesce(u.run_version, r.version)
  ORDER BY d.id FOR NO KEY UPDATE OF d
), changed AS (
  INSERT INTO changed_documents (ids) SELECT array_agg(u.id) FROM u
  WHERE u.operations IS NOT NULL AND (SELECT count(*) FROM locked) = $8::bigint HAVING count(*) > 0
), history AS (
  INSERT INTO document_changes (id, version, at, attempt, operations)
  SELECT u.id, u.expected + 1, now(), u.attempt, u.operations FROM u
  WHERE u.operations IS NOT NULL AND (SELECT count(*) FROM locked) = $8::bigint
)
UPDATE run_documents d
SET metadata = u.metadata, dedupe = u.dedupe, version = d.version + 1,
  changed_in = pg_current_xact_id(), updated_at = now(),
  change_count = d.change_count + (u.operations IS NOT NULL)::integer,
  change_bytes = d.change_bytes + coalesce(octet_length(u.operations), 0)
FROM u WHERE d.id = u.id AND (SELECT count(*) FROM locked) = $8::bigint`;

/**
 * Writes every row or none. Not repeatable: a second run would find the versions that the first one changed and say
 * false, like a lost race, and the caller would apply updates that carry no key a second time. It rejects instead, and the
 * caller, who knows the versions, finds out.
 */
export async function writeDocuments(client: SqlClient, writes: readonly DocumentWrite[]): Promise<boolean> {
  if (writes.length === 0) return true;
  const column = (of: (write: DocumentWrite) => string | number | undefined) =>
    textArray(writes.map((write) => of(write)?.toString()));
  const result = await client.query(WRITE_DOCUMENTS, [
    column((write) => write.id),
    column((write) => write.expectedVersion),
    column((write) => write.expectedRunVersion),
    column((write) => write.metadata),
    column((write) => write.dedupe),
    column((write) => write.change?.attempt),
    column((write) => write.change?.operations),
    writes.length,
  ]);
  if (result.affectedRows === writes.length) return true;
  if (result.affectedRows === 0) return false;
  throw new StorageError(
    "STORAGE_UNAVAILABLE",
    `The database wrote ${result.affectedRows} of ${writes.length} documents of one statement; nothing is acknowledged.`,
  );
}
