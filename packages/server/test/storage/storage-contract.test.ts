import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "vitest";
import { pgliteStorage } from "../../src/storage/pglite-storage.ts";
import { postgresStorage } from "../../src/storage/postgres-storage.ts";
import { storageContract } from "./storage-contract.ts";
import { temporarySchema, testDatabaseUrl } from "./test-database.ts";

storageContract("PGlite in memory", async () => ({
  storage: pgliteStorage(),
  dispose: async () => undefined,
}));

storageContract("PGlite in a directory", async () => {
  const directory = await mkdtemp(join(tmpdir(), "runmeta-storage-"));
  return {
    storage: pgliteStorage({ directory }),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
});

const connectionString = testDatabaseUrl;
if (connectionString === undefined) {
  describe("storage contract on PostgreSQL", () => {
    test.skip("skipped: TEST_DATABASE_URL is not set", () => undefined);
  });
} else {
  storageContract("PostgreSQL", async () => {
    const { schema, drop } = temporarySchema(connectionString);
    return { storage: postgresStorage({ connectionString, schema }), dispose: drop };
  });
}
