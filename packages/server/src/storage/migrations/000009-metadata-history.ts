import type { Migration } from "./migration.ts";

/**
 * Each run's changes of its document, and what the oldest ones were folded into. A run that changed before this step
 * begins with the document it has now.
 */
export const metadataHistoryMigration: Migration = {
  number: 9,
  name: "metadata history",
  sql: `
CREATE TABLE document_changes (
  id text NOT NULL,
  version bigint NOT NULL,
  at timestamptz NOT NULL,
  attempt integer NOT NULL,
  operations text NOT NULL,
  PRIMARY KEY (id, version)
);
ALTER TABLE document_changes ALTER COLUMN operations SET STORAGE EXTERNAL;
CREATE TABLE document_bases (
  id text PRIMARY KEY,
  at timestamptz NOT NULL,
  document text NOT NULL
);
ALTER TABLE document_bases ALTER COLUMN document SET STORAGE EXTERNAL;
ALTER TABLE run_documents ADD COLUMN base_version bigint NOT NULL DEFAULT 0,
  ADD COLUMN change_count integer NOT NULL DEFAULT 0, ADD COLUMN change_bytes bigint NOT NULL DEFAULT 0;
INSERT INTO document_bases (id, at, document) SELECT id, updated_at, metadata FROM run_documents WHERE version > 0;
UPDATE run_documents SET base_version = version WHERE version > 0;
`,
};
