import { pgliteStorage, postgresStorage, type Storage } from "@runmeta/server";
import { temporarySchema, testDatabaseUrl } from "../../packages/server/test/storage/test-database.ts";

/** An empty database of its own, and how to remove it. */
export interface OpenDatabase {
  readonly storage: Storage;
  drop(): Promise<void>;
}

/** What every conformance test runs on; `open` is undefined where the machine has no such database. */
export interface Database {
  readonly name: string;
  readonly open: (() => OpenDatabase) | undefined;
}

export const databases: readonly Database[] = [
  { name: "PGlite", open: () => ({ storage: pgliteStorage({}), drop: async () => undefined }) },
  { name: "PostgreSQL", open: postgres(testDatabaseUrl) },
];

function postgres(connectionString: string | undefined): Database["open"] {
  if (connectionString === undefined) return undefined;
  return () => {
    const { schema, drop } = temporarySchema(connectionString);
    return { storage: postgresStorage({ connectionString, schema, maxConnections: 4 }), drop };
  };
}
