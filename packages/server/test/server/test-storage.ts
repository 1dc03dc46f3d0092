import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { pgliteStorage } from "../../src/storage/pglite-storage.ts";
import { postgresStorage } from "../../src/storage/postgres-storage.ts";
import type { Storage } from "../../src/storage/storage.ts";

/**
 * The database of a test server: in memory, or with `TEST_SERVER_STORAGE=postgres` a schema of its own in
 * `TEST_DATABASE_URL`, dropped when the server closes.
 */
export function testStorage(): Storage {
  const connectionString = process.env.TEST_DATABASE_URL;
  if (process.env.TEST_SERVER_STORAGE !== "postgres" || connectionString === undefined)
    return pgliteStorage({});
  const schema = `server_test_${randomBytes(6).toString("hex")}`;
  const storage = postgresStorage({ connectionString, schema, maxConnections: 4 });
  return new Proxy(storage, {
    get(target, name: keyof Storage) {
      const member: unknown = target[name];
      if (name !== "close") return typeof member === "function" ? member.bind(target) : member;
      return async () => {
        await target.close();
        const client = new Client({ connectionString });
        await client.connect();
        await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
        await client.end();
      };
    },
  });
}
