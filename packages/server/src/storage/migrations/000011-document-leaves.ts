import type { Migration } from "./migration.ts";

/**
 * Finding runs by their documents: which documents changed and are to be looked at, a row for each group that was written
 * together, and the scalar leaves of each document.
 */
export const documentLeavesMigration: Migration = {
  number: 11,
  name: "document leaves",
  sql: `
CREATE TABLE changed_documents (
  number bigserial PRIMARY KEY,
  ids text[] NOT NULL,
  claimed_until timestamptz
);
CREATE TABLE document_leaves (
  id text PRIMARY KEY,
  version bigint NOT NULL,
  leaves text[] NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX document_leaves_by_leaf ON document_leaves USING gin (leaves);
INSERT INTO changed_documents (ids)
  SELECT array_agg(id) FROM (SELECT id, row_number() OVER (ORDER BY id) / 200 AS part FROM run_documents WHERE metadata <> '{}') d
  GROUP BY part;
`,
};
