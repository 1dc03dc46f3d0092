import type { Migration } from "./migration.ts";

/**
 * Deleting what is over: indexes that find it, and references without which a row written at the same moment would be
 * left behind. Documents and their changes have none: a write of a document would pay for it, and their versions tell.
 */
export const retentionMigration: Migration = {
  number: 13,
  name: "retention",
  sql: `
CREATE INDEX runs_ended ON runs (finished_at, id) WHERE finished_at IS NOT NULL;
CREATE INDEX runs_live_kin ON runs ((coalesce(root_id, parent_id)))
  WHERE status IN ('PENDING_VERSION', 'DELAYED', 'QUEUED', 'DEQUEUED', 'EXECUTING', 'WAITING')
    AND coalesce(root_id, parent_id) IS NOT NULL;
CREATE INDEX batches_oldest ON batches (created_at, id);
CREATE INDEX sessions_over ON sessions (least(closed_at, expires_at), id)
  WHERE least(closed_at, expires_at) IS NOT NULL;
CREATE INDEX sessions_by_run ON sessions (current_run_id) WHERE current_run_id IS NOT NULL;
ALTER TABLE document_leaves ADD FOREIGN KEY (id) REFERENCES run_documents (id) ON DELETE CASCADE;
ALTER TABLE batch_items ADD FOREIGN KEY (batch_id) REFERENCES batches (id) ON DELETE CASCADE;
`,
};
