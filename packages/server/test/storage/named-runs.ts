import type { SqlClient } from "../../src/storage/sql-client.ts";

/** Names of all tables, those of migrations to come included. */
export async function tableNames(client: SqlClient): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1`,
  );
  return rows.map((row) => row.name);
}

/** Which tables name which runs, in whatever column. */
export async function namedRuns(client: SqlClient): Promise<Map<string, Set<string>>> {
  const named = new Map<string, Set<string>>();
  for (const table of await tableNames(client)) {
    const { rows } = await client.query<{ id: string }>(
      `SELECT DISTINCT m[1] AS id FROM "${table}" t, regexp_matches(t::text, 'run_[0-9]+_[0-9]+', 'g') m`,
    );
    named.set(table, new Set(rows.map((row) => row.id)));
  }
  return named;
}

/** Where a run is named that is not there. */
export async function orphans(client: SqlClient): Promise<string[]> {
  const named = await namedRuns(client);
  const { rows } = await client.query<{ id: string }>("SELECT id FROM runs");
  const runs = new Set(rows.map((row) => row.id));
  return [...named].flatMap(([table, ids]) =>
    [...ids].filter((id) => !runs.has(id)).map((id) => `${table}: ${id}`),
  );
}
