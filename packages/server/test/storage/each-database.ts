import { describe, test } from "vitest";
import { openPgliteMemory } from "../../src/storage/open-pglite.ts";
import { postgresClient } from "../../src/storage/postgres-client.ts";
import type { SqlClient } from "../../src/storage/sql-client.ts";
import { temporarySchema, testDatabaseUrl } from "./test-database.ts";

/** An empty database, and the client that tests look into it with. */
export interface EmptyDatabase extends AsyncDisposable {
  readonly client: SqlClient;
  /** Another client of the same database; closing it leaves the first one as it is. */
  connect(): SqlClient;
}

/** Runs tests on PGlite, and on PostgreSQL where there is one. */
export function eachDatabase(name: string, rules: (open: () => Promise<EmptyDatabase>) => void): void {
  describe(`${name} on PGlite`, () => {
    rules(async () => {
      const client = await openPgliteMemory();
      return {
        client,
        connect: () => ({ query: client.query, close: async () => undefined }),
        [Symbol.asyncDispose]: () => client.close(),
      };
    });
  });
  describe(`${name} on PostgreSQL`, () => {
    const connectionString = testDatabaseUrl;
    if (connectionString === undefined) {
      test.skip("skipped: TEST_DATABASE_URL is not set", () => undefined);
      return;
    }
    rules(async () => {
      const { schema, drop } = temporarySchema(connectionString);
      const connect = () =>
        postgresClient({ connectionString, max: 5, options: `-c search_path="${schema}"` });
      const client = connect();
      await client.query(`CREATE SCHEMA "${schema}"`);
      return {
        client,
        connect,
        async [Symbol.asyncDispose]() {
          await client.close();
          await drop();
        },
      };
    });
  });
}
