import type { Migration } from "./migration.ts";

/**
 * Runs, their documents and batches. Documents are a table of their own: a metadata write then rewrites a narrow row
 * without touching any index (`fillfactor` leaves room for that), and a status change does not copy the document.
 */
export const runsMigration: Migration = {
  number: 1,
  name: "runs",
  sql: `
CREATE TABLE runs (
  id text PRIMARY KEY,
  environment text NOT NULL,
  task text NOT NULL,
  engine text NOT NULL,
  status text NOT NULL,
  payload text NOT NULL,
  initial_metadata text,
  output text,
  error text,
  tags text[] NOT NULL,
  parent_id text,
  root_id text,
  depth integer NOT NULL,
  batch_id text,
  idempotency_key text,
  idempotency_key_expires_at timestamptz,
  idempotency_key_options text,
  idempotency_key_released boolean NOT NULL DEFAULT false,
  request_key text,
  delay_until timestamptz,
  ttl_seconds double precision,
  expires_at timestamptz,
  max_attempts integer,
  max_duration_seconds double precision,
  queue text,
  concurrency_key text,
  priority double precision,
  claim_order_at timestamptz NOT NULL,
  is_test boolean,
  trigger_function text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  started_at timestamptz,
  finished_at timestamptz,
  expired_at timestamptz,
  attempt integer NOT NULL DEFAULT 0,
  interruptions integer NOT NULL DEFAULT 0,
  holder text,
  heartbeat_at timestamptz,
  cancel_requested_at timestamptz
);
ALTER TABLE runs ALTER COLUMN payload SET STORAGE EXTERNAL, ALTER COLUMN output SET STORAGE EXTERNAL,
  ALTER COLUMN initial_metadata SET STORAGE EXTERNAL;

CREATE INDEX runs_newest ON runs (environment, created_at DESC, id DESC);
CREATE INDEX runs_by_tag ON runs USING gin (tags);
CREATE INDEX runs_by_parent ON runs (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX runs_by_root ON runs (root_id) WHERE root_id IS NOT NULL;
CREATE INDEX runs_by_batch ON runs (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX runs_to_claim ON runs (engine, claim_order_at, id) WHERE status = 'QUEUED';
CREATE INDEX runs_delayed ON runs (delay_until) WHERE status IN ('DELAYED', 'QUEUED') AND delay_until IS NOT NULL;
CREATE INDEX runs_expiring ON runs (expires_at) WHERE status = 'QUEUED' AND expires_at IS NOT NULL;
CREATE INDEX runs_held ON runs (engine, heartbeat_at) WHERE status IN ('DEQUEUED', 'EXECUTING');
CREATE INDEX runs_by_request_key ON runs (environment, task, request_key) WHERE request_key IS NOT NULL;
CREATE UNIQUE INDEX runs_idempotency ON runs (environment, task, idempotency_key)
  WHERE idempotency_key IS NOT NULL AND NOT idempotency_key_released
    AND status NOT IN ('FAILED', 'CRASHED', 'SYSTEM_FAILURE', 'TIMED_OUT', 'EXPIRED');

CREATE TABLE run_documents (
  id text PRIMARY KEY,
  metadata text NOT NULL,
  dedupe text NOT NULL,
  version bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL
) WITH (fillfactor = 50);
ALTER TABLE run_documents ALTER COLUMN metadata SET STORAGE EXTERNAL, ALTER COLUMN dedupe SET STORAGE EXTERNAL;

CREATE TABLE batches (
  id text PRIMARY KEY,
  environment text NOT NULL,
  run_count integer NOT NULL,
  parent_id text,
  resume_parent_on_completion boolean NOT NULL,
  idempotency_key text,
  sealed boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX batches_idempotency ON batches (environment, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE batch_items (
  batch_id text NOT NULL,
  index integer NOT NULL,
  run_id text NOT NULL,
  PRIMARY KEY (batch_id, index)
);
`,
};
