import { pgliteStorage } from "../../src/storage/pglite-storage.ts";
import { postgresStorage } from "../../src/storage/postgres-storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { temporarySchema, testDatabaseUrl } from "../storage/test-database.ts";

/** Two storages on one database, as two servers have them; PGlite serves one process only. */
export interface SharedDatabase extends AsyncDisposable {
  readonly storages: readonly [Storage, Storage];
}

/** What {@link openDatabase} can open here. */
export const databaseNames = testDatabaseUrl === undefined ? ["PGlite"] : ["PGlite", "PostgreSQL"];

/** An empty database; gone when it is disposed. */
export async function openDatabase(name: string): Promise<SharedDatabase> {
  if (name === "PGlite" || testDatabaseUrl === undefined) {
    const storage = pgliteStorage();
    await storage.open();
    return { storages: [storage, storage], [Symbol.asyncDispose]: () => storage.close() };
  }
  const { schema, drop } = temporarySchema(testDatabaseUrl);
  const options = { connectionString: testDatabaseUrl, schema, maxConnections: 2 };
  const storages = [postgresStorage(options), postgresStorage(options)] as const;
  for (const storage of storages) await storage.open();
  return {
    storages,
    async [Symbol.asyncDispose]() {
      for (const storage of storages) await storage.close();
      await drop();
    },
  };
}
