import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { describe, expect, it } from "vitest";
import { MetadataWriter } from "../../src/service/metadata-writer.ts";
import { postgresStorage } from "../../src/storage/postgres-storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { newRun } from "./new-run.ts";
import { increment, put } from "./put.ts";
import { type SeveringProxy, severingProxy } from "./severing-proxy.ts";

const connectionString = process.env.TEST_DATABASE_URL;
const schema = `writer_${randomBytes(6).toString("hex")}`;

describe.skipIf(connectionString === undefined)(
  "F4 a connection lost after the commit, before the reply",
  () => {
    async function withProxy(
      body: (writer: MetadataWriter, proxy: SeveringProxy, storage: Storage) => Promise<void>,
    ) {
      const url = new URL(connectionString ?? "");
      const proxy = await severingProxy({ host: url.hostname, port: Number(url.port || 5432) });
      url.host = `127.0.0.1:${proxy.port}`;
      const storage = postgresStorage({ connectionString: url.href, schema: schema });
      await storage.open();
      const writer = new MetadataWriter({ storage, maximumSizeBytes: 4096 });
      try {
        await body(writer, proxy, storage);
      } finally {
        await writer.close();
        await storage.close();
        await proxy.close();
        const client = new Client({ connectionString });
        await client.connect();
        await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
        await client.end();
      }
    }

    it("counts once what carries a key, and does not count twice what carries none", () =>
      withProxy(async (writer, proxy, storage) => {
        await storage.insertRuns([newRun("run_keyed"), newRun("run_plain")]);
        proxy.severAt("UPDATE 1\0");
        const keyed = await writer.update(put("run_keyed", { operations: [increment("n")] }, "publisher.1"));
        expect(keyed).toMatchObject({ status: "updated", metadata: '{"n":1}' });
        proxy.severAt("UPDATE 1\0");
        const plain = await writer.update(put("run_plain", { operations: [increment("n")] }));
        expect(plain.status).toBe("unavailable");
        const rows = await storage.readDocuments(["run_keyed", "run_plain"]);
        expect(rows.map((row) => row.metadata)).toEqual(['{"n":1}', '{"n":1}']);
        expect(proxy.cuts).toBe(2);
      }));
  },
);
