import type { Migration } from "./migration.ts";

/**
 * What changed since somebody last looked: a version that grows with each change of a run's row, and of rows and
 * documents the transaction that wrote them last. Existing rows count as written by this step.
 */
export const runVersionsMigration: Migration = {
  number: 6,
  name: "run versions",
  sql: `
ALTER TABLE runs ADD COLUMN version bigint NOT NULL DEFAULT 0,
  ADD COLUMN changed_in xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE run_documents ADD COLUMN changed_in xid8 NOT NULL DEFAULT pg_current_xact_id();
`,
};
