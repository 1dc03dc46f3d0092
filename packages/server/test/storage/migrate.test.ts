import { describe, expect, test } from "vitest";
import { migrate } from "../../src/storage/migrate.ts";
import { migrations } from "../../src/storage/migrations/migrations.ts";
import { openPgliteMemory } from "../../src/storage/open-pglite.ts";
import { postgresClient } from "../../src/storage/postgres-client.ts";
import { postgresStorage } from "../../src/storage/postgres-storage.ts";
import type { SqlClient } from "../../src/storage/sql-client.ts";
import { temporarySchema, testDatabaseUrl } from "./test-database.ts";

/** Numbers of the steps that there are; the tests add one. */
const numbers = migrations.map((migration) => migration.number);
const next = numbers.length + 1;
const second = { number: next, name: "second", sql: "CREATE TABLE second (id integer);" };
const broken = {
  number: next,
  name: "broken",
  sql: "CREATE TABLE half (id integer); INSERT INTO missing VALUES (1);",
};

async function tables(client: SqlClient): Promise<string[]> {
  const result = await client.query<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1",
  );
  return result.rows.map((row) => row.name);
}

async function applied(client: SqlClient): Promise<number[]> {
  const result = await client.query<{ number: number }>("SELECT number FROM runmeta_migrations ORDER BY 1");
  return result.rows.map((row) => row.number);
}

function migrationRules(
  name: string,
  withClient: (use: (client: SqlClient) => Promise<void>) => Promise<void>,
): void {
  describe(`migrations on ${name}`, () => {
    test("D6 each is applied once, in order", () =>
      withClient(async (client) => {
        await migrate(client, migrations);
        await migrate(client, [...migrations, second]);
        await migrate(client, [...migrations, second]);
        expect(await applied(client)).toEqual([...numbers, next]);
        expect(await tables(client)).toEqual(
          expect.arrayContaining(["batch_items", "batches", "run_documents", "runs", "second", "sessions"]),
        );
      }));

    test("D6 one that fails in the middle leaves nothing, and is applied when it is mended", () =>
      withClient(async (client) => {
        await migrate(client, migrations);
        await expect(migrate(client, [...migrations, broken])).rejects.toThrow(/missing/);
        expect(await applied(client)).toEqual(numbers);
        expect(await tables(client)).not.toContain("half");
        await migrate(client, [...migrations, second]);
        expect(await applied(client)).toEqual([...numbers, next]);
      }));

    test("D6 a schema newer than the code is refused, with both versions", () =>
      withClient(async (client) => {
        await migrate(client, [...migrations, second]);
        await expect(migrate(client, migrations)).rejects.toMatchObject({
          code: "STORAGE_SCHEMA",
          message: expect.stringMatching(new RegExp(`version ${next}.* knows ${numbers.length}`)),
        });
      }));
  });
}

migrationRules("PGlite", async (use) => {
  const client = await openPgliteMemory();
  try {
    await use(client);
  } finally {
    await client.close();
  }
});

const connectionString = testDatabaseUrl;
if (connectionString === undefined) {
  test.skip("migrations on PostgreSQL: TEST_DATABASE_URL is not set", () => undefined);
} else {
  migrationRules("PostgreSQL", async (use) => {
    const { schema, drop } = temporarySchema(connectionString);
    const client = postgresClient({ connectionString, options: `-c search_path="${schema}"` });
    try {
      await client.query(`CREATE SCHEMA "${schema}"`);
      await use(client);
    } finally {
      await client.close();
      await drop();
    }
  });

  test("D6 servers that start together end with one schema", async () => {
    const { schema, drop } = temporarySchema(connectionString);
    const storages = Array.from({ length: 4 }, () => postgresStorage({ connectionString, schema }));
    try {
      await Promise.all(storages.map((storage) => storage.open()));
      expect(await storages[0]?.findRun("env", "run_none")).toBeUndefined();
    } finally {
      await Promise.all(storages.map((storage) => storage.close()));
      await drop();
    }
  });
}
