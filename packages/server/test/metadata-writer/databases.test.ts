import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MetadataWriter } from "../../src/service/metadata-writer.ts";
import { pgliteStorage } from "../../src/storage/pglite-storage.ts";
import { postgresStorage } from "../../src/storage/postgres-storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { newRun } from "./new-run.ts";
import { increment, put, set } from "./put.ts";

const connectionString = process.env.TEST_DATABASE_URL;
const schema = `writer_${randomBytes(6).toString("hex")}`;

interface Database {
  readonly name: string;
  readonly skip: boolean;
  /** Two storages on one database, as two servers would have them; PGlite serves one process only. */
  open(): readonly [Storage, Storage];
  clean(): Promise<void>;
}

const databases: Database[] = [
  {
    name: "PGlite",
    skip: false,
    open: () => {
      const storage = pgliteStorage();
      return [storage, storage];
    },
    clean: async () => {},
  },
  {
    name: "PostgreSQL",
    skip: connectionString === undefined,
    open: () => {
      const options = { connectionString: connectionString ?? "", schema };
      return [postgresStorage(options), postgresStorage(options)];
    },
    clean: async () => {
      const client = new Client({ connectionString });
      await client.connect();
      await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await client.end();
    },
  },
];

describe.each(databases)("metadata writer on $name", ({ skip, open, clean }) => {
  let storages: readonly [Storage, Storage];
  let writers: MetadataWriter[];

  beforeAll(async () => {
    if (skip) return;
    storages = open();
    for (const storage of storages) await storage.open();
    writers = storages.map(
      (storage) =>
        new MetadataWriter({ storage, maximumSizeBytes: 4096, maxGroups: storage.exclusive ? 1 : 2 }),
    );
  });
  afterAll(async () => {
    if (skip) return;
    for (const writer of writers) await writer.close();
    for (const storage of storages) await storage.close();
    await clean();
  });

  async function documentOf(id: string): Promise<unknown> {
    const [row] = await storages[0].readDocuments([id]);
    return JSON.parse(row?.metadata ?? "null");
  }

  it.skipIf(skip)("D4 two servers x 1,000 increments of one key are exactly 2,000", async () => {
    await storages[0].insertRuns([newRun("run_d4")]);
    const client = async (writer: MetadataWriter, publisher: string) => {
      // 20 clients a server, each with one request on its way at a time.
      const line = async (lane: number) => {
        for (let sequence = 1; sequence <= 50; ) {
          const request = put("run_d4", { operations: [increment("n")] }, `${publisher}${lane}.${sequence}`);
          const answer = await writer.update(request);
          if (answer.status === "updated") sequence += 1;
          else expect(answer.status).toBe("unavailable");
        }
      };
      await Promise.all(Array.from({ length: 20 }, (_, lane) => line(lane)));
    };
    await Promise.all([client(writers[0]!, "a"), client(writers[1]!, "b")]);
    expect(await documentOf("run_d4")).toEqual({ n: 2000 });
  });

  it.skipIf(skip)("D4 the same batch 10 times at once, at two servers, is applied once", async () => {
    await storages[0].insertRuns([newRun("run_same")]);
    const request = put("run_same", { operations: [increment("n")] }, "publisher.1");
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, copy) => writers[copy % 2]!.update(request)),
    );
    const expected = { status: "updated", metadata: '{"n":1}', refused: [], ineffective: [] };
    expect(answers).toEqual(Array(10).fill(expected));
    expect(await documentOf("run_same")).toEqual({ n: 1 });
  });

  it.skipIf(skip)("counts the children of one parent exactly, whichever server they reach", async () => {
    const children = Array.from({ length: 50 }, (_, index) => `run_child${index}`);
    await storages[0].insertRuns([
      newRun("run_parent"),
      ...children.map((id) => newRun(id, { parentId: "run_parent", rootId: "run_parent", depth: 1 })),
    ]);
    await Promise.all(
      children.map(async (id, child) => {
        for (let sequence = 1; sequence <= 10; ) {
          const update = {
            operations: [increment("own")],
            parentOperations: [increment("rows", 3)],
            rootOperations: [increment("batches")],
          };
          const answer = await writers[child % 2]!.update(put(id, update, `publisher.${sequence}`));
          if (answer.status === "updated") sequence += 1;
          else expect(answer.status).toBe("unavailable");
        }
      }),
    );
    expect(await documentOf("run_parent")).toEqual({ rows: 1500, batches: 500 });
    expect(await Promise.all(children.map(documentOf))).toEqual(Array(50).fill({ own: 10 }));
  });

  it.skipIf(skip)("keeps NUL, lone surrogates and quotes in documents and keys", async () => {
    await storages[0].insertRuns([newRun("run_text")]);
    const text = "\u0000\ud800 \\ \" ' \u2028 é 😀 $1";
    const request = put("run_text", { operations: [set("text", text)] }, text);
    const answer = await writers[0]!.update(request);
    expect(answer).toMatchObject({ status: "updated" });
    expect(await documentOf("run_text")).toEqual({ text });
    expect(await writers[1]!.update(request)).toEqual(answer);
  });
});
