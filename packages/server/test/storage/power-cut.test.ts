import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NodeFS } from "@electric-sql/pglite/nodefs";
import { describe, expect, test, vi } from "vitest";
import { openPgliteDirectory } from "../../src/storage/open-pglite.ts";
import { pgliteStorage } from "../../src/storage/pglite-storage.ts";
import { sqlStorage } from "../../src/storage/sql-storage.ts";
import { SyncingNodeFs } from "../../src/storage/syncing-node-fs.ts";
import { newRun } from "./new-run.ts";
import { PowerCutDisk } from "./power-cut-disk.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const ids = Array.from({ length: 8 }, (_, index) => `run_power_${index}`);
// Far more often than in production, so that checkpoints, vacuums and new log segments fall between the cuts.
const housekeeping = { afterBytes: 200_000 };

describe.runIf(process.platform === "linux")("after a power cut", () => {
  test("D1 the directory opens and has every acknowledged write", async () => {
    await using base = await temporaryDirectory();
    await using shadow = await temporaryDirectory();
    const first = pgliteStorage({ directory: base.path });
    await first.open();
    await first.insertRuns(ids.map((id) => newRun({ id, metadata: '{"n":0}' })));
    await first.close();

    const disk = new PowerCutDisk(join(base.path, "database"), join(shadow.path, "disk"));
    const cuts: { directory: string; acknowledged: number }[] = [];
    let acknowledged = 0;
    // Also in the middle of a statement, between two of its syncs.
    const cutAt = new Set([3, 12, 41, 42]);
    const cut = () => {
      const directory = join(shadow.path, `cut-${cuts.length}`);
      disk.cut(directory);
      cuts.push({ directory, acknowledged });
    };
    const onSync = (descriptor: number) => {
      disk.synced(descriptor);
      if (cutAt.has(disk.syncCount)) cut();
    };
    const storage = sqlStorage(
      () => openPgliteDirectory({ directory: base.path, fsync: true, onSync, housekeeping }),
      { exclusive: true },
    );
    await storage.open();
    for (let n = 1; n <= 60; n++) {
      const metadata = JSON.stringify({ n, padding: "x".repeat((n * 137) % 4_000) });
      expect(
        await storage.writeDocuments(
          ids.map((id) => ({ id, expectedVersion: n - 1, metadata, dedupe: "{}" })),
        ),
      ).toBe(true);
      acknowledged = n;
      if (n % 20 === 0) cut();
    }
    await storage.close();
    cut();

    expect(cuts.length).toBeGreaterThanOrEqual(8);
    for (const { directory, acknowledged: promised } of cuts) {
      const survivor = pgliteStorage({ directory, fsync: false });
      await survivor.open();
      const rows = await survivor.readDocuments(ids);
      const versions = new Set(rows.map((row) => row.version));
      expect(rows).toHaveLength(ids.length);
      expect(versions.size, directory).toBe(1);
      expect(rows[0]?.version, directory).toBeGreaterThanOrEqual(promised);
      expect(JSON.parse(rows[0]?.metadata ?? "")).toMatchObject({ n: rows[0]?.version });
      await survivor.close();
    }
  }, 180_000);

  test("without fsync nothing of it reaches the disk, which shows that the test above can fail", async () => {
    await using base = await temporaryDirectory();
    await using shadow = await temporaryDirectory();
    await (await openPgliteDirectory({ directory: base.path, fsync: false })).close();
    const disk = new PowerCutDisk(join(base.path, "database"), join(shadow.path, "disk"));
    const onSync = (descriptor: number) => disk.synced(descriptor);
    const storage = sqlStorage(() => openPgliteDirectory({ directory: base.path, fsync: false, onSync }), {
      exclusive: true,
    });
    await storage.open();
    await storage.insertRuns([newRun({ id: "run_lost" })]);
    disk.cut(join(shadow.path, "cut"));
    await storage.close();
    expect(disk.syncCount).toBe(0);
    const survivor = pgliteStorage({ directory: join(shadow.path, "cut"), fsync: false });
    await survivor.open();
    expect(await survivor.findRun("env", "run_lost")).toBeUndefined();
    await survivor.close();
  }, 60_000);
});

test("D1 what was written without fsync is synced before the first synced write", async () => {
  await using base = await temporaryDirectory();
  const marker = join(base.path, "database", "runmeta-unsynced");
  const careless = pgliteStorage({ directory: base.path, fsync: false });
  await careless.open();
  await careless.insertRuns([newRun({ id: "run_careless" })]);
  await careless.close();
  expect(existsSync(marker)).toBe(true);
  const careful = pgliteStorage({ directory: base.path });
  await careful.open();
  expect(existsSync(marker)).toBe(false);
  expect((await careful.findRun("env", "run_careless"))?.id).toBe("run_careless");
  await careful.close();
});

test("D6 what a crash left while the directory was made is thrown away", async () => {
  await using base = await temporaryDirectory();
  await mkdir(join(base.path, "database.new"));
  await writeFile(join(base.path, "database.new", "PG_VERSION"), "1");
  const storage = pgliteStorage({ directory: base.path, fsync: false });
  await storage.open();
  expect(await storage.findRun("env", "run_none")).toBeUndefined();
  await storage.close();
  expect(existsSync(join(base.path, "database.new"))).toBe(false);
  await writeFile(join(base.path, "database", "runmeta-pglite-version"), "0.4.2");
  await expect(storage.open()).rejects.toMatchObject({
    code: "STORAGE_SCHEMA",
    message: expect.stringMatching(/PGlite 0\.4\.2 and cannot be opened by PGlite 0\.5/),
  });
  expect(existsSync(join(base.path, "database.lock"))).toBe(false);
});

test("D1 refuses to start when commits do not reach the disk", async () => {
  await using base = await temporaryDirectory();
  // A PGlite whose inside has changed, so that our fsync is never called.
  const init = vi.spyOn(SyncingNodeFs.prototype, "init").mockImplementation(NodeFS.prototype.init);
  const storage = pgliteStorage({ directory: base.path });
  try {
    await expect(storage.open()).rejects.toMatchObject({
      code: "STORAGE_DURABILITY",
      message: expect.stringContaining("fsync: false"),
    });
  } finally {
    init.mockRestore();
  }
  await storage.open();
  await storage.close();
});
