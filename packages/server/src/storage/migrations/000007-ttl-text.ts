import type { Migration } from "./migration.ts";

/** A ttl is shown as the caller wrote it; runs from before show it in the largest units. */
export const ttlTextMigration: Migration = {
  number: 7,
  name: "ttl text",
  sql: "ALTER TABLE runs ADD COLUMN ttl_text text;",
};
