import type { Migration } from "./migration.ts";

/** Secret keys, encrypted. A revoked one keeps its row, for lists, and loses its text. */
export const apiKeysMigration: Migration = {
  number: 8,
  name: "api keys",
  sql: `
CREATE TABLE api_keys (
  id text PRIMARY KEY,
  environment text NOT NULL,
  read_only boolean NOT NULL,
  sealed text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz
);
`,
};
