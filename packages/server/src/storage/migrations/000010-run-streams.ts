import type { Migration } from "./migration.ts";

/**
 * Streams of runs: how much each holds, who wrote how far, and the chunks in the order in which they were stored. They
 * go with their run. `realtime_streams` names them in the run's row, where those who follow the run see them.
 */
export const runStreamsMigration: Migration = {
  number: 10,
  name: "run streams",
  sql: `
ALTER TABLE runs ADD COLUMN realtime_streams text[] NOT NULL DEFAULT '{}';
CREATE TABLE run_streams (
  run_id text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  key text NOT NULL,
  chunks integer NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (run_id, key)
) WITH (fillfactor = 50);
CREATE TABLE stream_writers (
  run_id text NOT NULL,
  key text NOT NULL,
  client text NOT NULL,
  next_index integer NOT NULL DEFAULT 0,
  ended boolean NOT NULL DEFAULT false,
  seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, key, client),
  FOREIGN KEY (run_id, key) REFERENCES run_streams (run_id, key) ON DELETE CASCADE
) WITH (fillfactor = 50);
CREATE TABLE stream_chunks (
  run_id text NOT NULL,
  key text NOT NULL,
  position integer NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  chunk text NOT NULL,
  PRIMARY KEY (run_id, key, position),
  FOREIGN KEY (run_id, key) REFERENCES run_streams (run_id, key) ON DELETE CASCADE
);
`,
};
