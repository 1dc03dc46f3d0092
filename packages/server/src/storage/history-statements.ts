import type { FoldedHistory, HistoryStorage, StoredHistory } from "./history-storage.ts";
import type { SqlClient } from "./sql-client.ts";
import { storedName } from "./stored-text.ts";

const REPEATABLE = { repeatable: true } as const;

/** Histories over any client that speaks PostgreSQL's dialect. */
export function historyStatements(client: () => SqlClient): HistoryStorage {
  return {
    readHistory: async (environment, id, after) => readHistory(client(), environment, id, after),
    foldHistory: async (fold) => foldHistory(client(), fold),
  };
}

// The base is read once and the changes as one value, so that a large base does not come with each of them. Changes
// below the base can be left of a run that was put off while it was written.
const READ_HISTORY = `
SELECT d.base_version::float8 AS version, coalesce(b.at, r.created_at) AS at,
  CASE WHEN $3::bigint >= d.base_version THEN NULL ELSE coalesce(b.document, r.initial_metadata, '{}') END AS document,
  (SELECT json_agg(json_build_array(c.version, extract(epoch FROM c.at) * 1000, c.attempt, c.operations) ORDER BY c.version)
   FROM document_changes c WHERE c.id = d.id
     AND c.version > CASE WHEN $3::bigint >= d.base_version THEN $3::bigint ELSE d.base_version END) AS changes
FROM run_documents d JOIN runs r ON r.id = d.id LEFT JOIN document_bases b ON b.id = d.id
WHERE d.id = $1 AND r.environment = $2`;

interface HistoryRecord {
  readonly version: number;
  readonly at: Date;
  readonly document: string | null;
  readonly changes: readonly [version: number, atMs: number, attempt: number, operations: string][] | null;
}

async function readHistory(
  client: SqlClient,
  environment: string,
  id: string,
  after: number | undefined,
): Promise<StoredHistory | undefined> {
  const parameters = [storedName(id), environment, after ?? -1];
  const { rows } = await client.query<HistoryRecord>(READ_HISTORY, parameters, REPEATABLE);
  const [row] = rows;
  if (row === undefined) return undefined;
  const { version, at, document } = row;
  return {
    base: document === null ? undefined : { version, at, document },
    changes: (row.changes ?? []).map(([changeVersion, atMs, attempt, operations]) => ({
      version: changeVersion,
      at: new Date(atMs),
      attempt,
      operations,
    })),
  };
}

// The document's row is locked first, as by a write, so the two wait for each other and never the other way round.
const FOLD_HISTORY = `
WITH d AS (
  UPDATE run_documents SET base_version = $3, change_count = change_count - $4, change_bytes = change_bytes - $5
  WHERE id = $1 AND base_version = $2 RETURNING id
), base AS (
  INSERT INTO document_bases (id, at, document) SELECT d.id, $6::timestamptz, $7 FROM d
  ON CONFLICT (id) DO UPDATE SET at = excluded.at, document = excluded.document
)
DELETE FROM document_changes c USING d WHERE c.id = d.id AND c.version <= $3`;

async function foldHistory(client: SqlClient, fold: FoldedHistory): Promise<void> {
  const { id, baseVersion, version, changeCount, changeBytes, at, document } = fold;
  const parameters = [storedName(id), baseVersion, version, changeCount, changeBytes, at, document];
  await client.query(FOLD_HISTORY, parameters, REPEATABLE);
}
