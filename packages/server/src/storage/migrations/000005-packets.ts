import type { Migration } from "./migration.ts";

/** Large payloads, uploaded before the trigger that names them. */
export const packetsMigration: Migration = {
  number: 5,
  name: "packets",
  sql: `
CREATE TABLE packets (
  id text PRIMARY KEY,
  environment text NOT NULL,
  packet text,
  expires_at timestamptz NOT NULL
);
ALTER TABLE packets ALTER COLUMN packet SET STORAGE EXTERNAL;
CREATE INDEX packets_expiring ON packets (expires_at);
ALTER TABLE batches ADD COLUMN request_key text;
CREATE UNIQUE INDEX batches_by_request_key ON batches (environment, request_key) WHERE request_key IS NOT NULL;
`,
};
