import { randomBytes } from "node:crypto";
import { Client } from "pg";

/** The PostgreSQL server the tests may use; undefined: those tests are skipped. */
export const testDatabaseUrl = process.env.TEST_DATABASE_URL;

/** A schema name of its own for one test, and how to drop the schema again. */
export function temporarySchema(connectionString: string): { schema: string; drop(): Promise<void> } {
  const schema = `runmeta_test_${randomBytes(6).toString("hex")}`;
  return {
    schema,
    async drop() {
      const client = new Client({ connectionString });
      await client.connect();
      try {
        await client.query(`DROP SCHEMA IF EXISTS ${client.escapeIdentifier(schema)} CASCADE`);
      } finally {
        await client.end();
      }
    },
  };
}
