import { documentTerms } from "./document-leaves.ts";
import type { SqlClient } from "./sql-client.ts";

const REPEATABLE = { repeatable: true } as const;

/** Groups of documents that one look takes. */
const GROUPS = 20;

// Whoever takes groups has half a minute; then they are taken for left behind. Several servers take different ones.
const CLAIM_GROUPS = `
UPDATE changed_documents SET claimed_until = now() + interval '30 seconds'
WHERE number IN (
  SELECT number FROM changed_documents WHERE claimed_until IS NULL OR claimed_until < now()
  ORDER BY number LIMIT ${GROUPS} FOR UPDATE SKIP LOCKED
) RETURNING number::float8 AS number, ids`;

const READ_DOCUMENTS =
  "SELECT id, metadata, version::float8 AS version FROM run_documents WHERE id = ANY($1::text[])";

// Of two looks at one document the newer one stays, whichever ends last. Rows are locked in the order of their ids. The
// lock on a document keeps it from being deleted before its leaves are there to be deleted with it.
const STORE_LEAVES = `
WITH stored AS (
  INSERT INTO document_leaves (id, version, leaves)
  SELECT x.id, x.version, ARRAY(SELECT json_array_elements_text(x.leaves))
  FROM json_to_recordset($1::json) AS x(id text, version bigint, leaves json) JOIN run_documents d ON d.id = x.id
  ORDER BY x.id FOR KEY SHARE OF d
  ON CONFLICT (id) DO UPDATE SET version = excluded.version, leaves = excluded.leaves
  WHERE document_leaves.version < excluded.version
)
DELETE FROM changed_documents WHERE number = ANY($2::bigint[])`;

/** Above this it is quicker to look at the newest runs one by one. */
const MAX_IDS = 1_000;

/** Runs of any environment by what their documents are found by; undefined when there are many. */
export async function findByTerms(
  client: SqlClient,
  terms: readonly string[],
): Promise<string[] | undefined> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM document_leaves WHERE leaves @> $1::text[] LIMIT ${MAX_IDS + 1}`,
    [terms],
    REPEATABLE,
  );
  return rows.length > MAX_IDS ? undefined : rows.map((row) => row.id);
}

/**
 * Takes over what some of the changed documents are found by. A group is forgotten by the statement that stores its
 * leaves, so one that a dying process took is taken again. True when there may be more.
 */
export async function indexDocuments(client: SqlClient): Promise<boolean> {
  const claimed = await client.query<{ number: number; ids: string[] }>(CLAIM_GROUPS);
  if (claimed.rows.length === 0) return false;
  const ids = [...new Set(claimed.rows.flatMap((group) => group.ids))];
  const documents = await client.query<{ id: string; metadata: string; version: number }>(
    READ_DOCUMENTS,
    [ids],
    REPEATABLE,
  );
  const leaves = documents.rows.map(({ id, metadata, version }) => ({
    id,
    version,
    leaves: documentTerms(metadata),
  }));
  const numbers = claimed.rows.map(({ number }) => number);
  await client.query(STORE_LEAVES, [JSON.stringify(leaves), numbers], REPEATABLE);
  return claimed.rows.length === GROUPS;
}
