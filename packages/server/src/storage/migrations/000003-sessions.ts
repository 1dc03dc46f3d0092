import type { Migration } from "./migration.ts";

/** Sessions: a document, and the run that works on it now. Documents and configurations are text, as those of runs. */
export const sessionsMigration: Migration = {
  number: 3,
  name: "sessions",
  sql: `
CREATE TABLE sessions (
  id text PRIMARY KEY,
  environment text NOT NULL,
  external_id text,
  type text NOT NULL,
  task text NOT NULL,
  trigger_config text NOT NULL,
  current_run_id text,
  tags text[] NOT NULL,
  metadata text,
  closed_at timestamptz,
  closed_reason text,
  expires_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX sessions_by_external_id ON sessions (environment, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX sessions_newest ON sessions (environment, created_at DESC, id DESC);
CREATE INDEX sessions_by_tag ON sessions USING gin (tags);
`,
};
