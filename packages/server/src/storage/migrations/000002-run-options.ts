import type { Migration } from "./migration.ts";

/** Options of a trigger that runs are found by, and the key that joins debounced triggers in one waiting run. */
export const runOptionsMigration: Migration = {
  number: 2,
  name: "run options",
  sql: `
ALTER TABLE runs ADD COLUMN machine text, ADD COLUMN locked_version text, ADD COLUMN region text,
  ADD COLUMN debounce_key text;
CREATE UNIQUE INDEX runs_debounced ON runs (environment, task, debounce_key)
  WHERE debounce_key IS NOT NULL AND status = 'DELAYED' AND attempt = 0;
`,
};
