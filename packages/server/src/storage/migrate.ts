import type { Migration } from "./migrations/migration.ts";
import type { SqlClient } from "./sql-client.ts";
import { StorageError } from "./storage.ts";

/** Any constant does; it only has to differ from what other programs lock in the same database. */
const ADVISORY_LOCK = 7_268_306_382;

/**
 * Brings the schema up to date. Each step is one PL/pgSQL block, so one statement: it applies whole or not at all,
 * also when the process dies in it. The block takes an advisory lock and writes the step's number before anything
 * else, so of several servers that start together one applies the step and the others find it done.
 * Rejects with STORAGE_SCHEMA when the database was written by a newer version.
 */
export async function migrate(client: SqlClient, migrations: readonly Migration[]): Promise<void> {
  await client.query(
    block(`CREATE TABLE IF NOT EXISTS runmeta_migrations (
  number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
);`),
  );
  const applied = await client.query<{ number: number }>(
    "SELECT number FROM runmeta_migrations ORDER BY number",
  );
  const numbers = new Set(applied.rows.map((row) => row.number));
  const newest = Math.max(0, ...numbers);
  const known = Math.max(0, ...migrations.map((migration) => migration.number));
  if (newest > known) {
    throw new StorageError(
      "STORAGE_SCHEMA",
      `The database has schema version ${newest}, this version of runmeta knows ${known}. ` +
        "Start the newer version of runmeta that wrote it, or give this one another database or data directory.",
    );
  }
  for (const migration of migrations) {
    if (!numbers.has(migration.number)) await client.query(migrationBlock(migration));
  }
}

function migrationBlock({ number, name, sql }: Migration): string {
  return block(`IF EXISTS (SELECT FROM runmeta_migrations WHERE number = ${number}) THEN RETURN; END IF;
INSERT INTO runmeta_migrations (number, name) VALUES (${number}, '${name}');
${sql}`);
}

function block(statements: string): string {
  return `DO $runmeta$ BEGIN
PERFORM pg_advisory_xact_lock(${ADVISORY_LOCK});
${statements}
END $runmeta$`;
}
