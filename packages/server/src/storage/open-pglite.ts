import { mkdir, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { prepareDatabaseDirectory } from "./database-directory.ts";
import { databaseTemplate } from "./database-template.ts";
import { lockDirectory } from "./directory-lock.ts";
import { type HousekeepingOptions, withHousekeeping } from "./housekeeping.ts";
import { pgliteClient } from "./pglite-client.ts";
import type { SqlClient } from "./sql-client.ts";
import { StorageError } from "./storage.ts";
import { SyncingNodeFs } from "./syncing-node-fs.ts";

/** PostgreSQL's timer that logs the progress of a start goes on for ever here, and would keep the process alive. */
const PARAMETERS = [...PGlite.defaultStartParams, "-c", "log_startup_progress_interval=0"];

/** PGlite as shipped starts with `-F`: no sync at all. */
const SYNCED_PARAMETERS = [
  ...PARAMETERS.filter((parameter) => parameter !== "-F"),
  ...["-c", "fsync=on", "-c", "wal_sync_method=fsync"],
];

/** How a database directory is opened. */
export interface PgliteDirectoryOptions {
  readonly directory: string;
  readonly fsync: boolean;
  readonly housekeeping?: HousekeepingOptions | undefined;
  /** Sees each file descriptor right after it was synced (for tests of what a power cut leaves). */
  readonly onSync?: ((descriptor: number) => void) | undefined;
}

/** A database in memory. */
export async function openPgliteMemory(): Promise<SqlClient> {
  const loadDataDir = new Blob([await plain(databaseTemplate())]);
  const db = await PGlite.create({ loadDataDir, startParams: PARAMETERS });
  return withHousekeeping(pgliteClient(db, () => db.close()));
}

/** The database of a data directory: `database/` in it, and `database.lock` for as long as it is open. */
export async function openPgliteDirectory(options: PgliteDirectoryOptions): Promise<SqlClient> {
  const { fsync, onSync, housekeeping } = options;
  await mkdir(resolve(options.directory), { recursive: true, mode: 0o700 });
  const path = join(await realpath(resolve(options.directory)), "database");
  const lock = await lockDirectory(`${path}.lock`);
  let db: PGlite | undefined;
  const close = async (): Promise<void> => {
    try {
      await db?.close();
    } finally {
      await lock.release();
    }
  };
  try {
    await prepareDatabaseDirectory(path, fsync);
    const files = new SyncingNodeFs(path, onSync);
    db = await start(path, files, fsync);
    if (fsync) await testDurability(db, files, path);
    return withHousekeeping(pgliteClient(db, close), housekeeping);
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

async function start(path: string, files: SyncingNodeFs, fsync: boolean): Promise<PGlite> {
  try {
    return await PGlite.create({ fs: files, startParams: fsync ? SYNCED_PARAMETERS : PARAMETERS });
  } catch (error) {
    throw new StorageError(
      "STORAGE_UNAVAILABLE",
      `The database in ${path} does not open (${error instanceof Error ? error.message : String(error)}). ` +
        "Restore the directory from a backup, or use another data directory.",
      { cause: error },
    );
  }
}

/** Commits a log record and looks whether it was synced: it rests on the inside of PGlite, which may change. */
async function testDurability(db: PGlite, files: SyncingNodeFs, path: string): Promise<void> {
  const before = files.syncCount;
  await db.query("SELECT pg_logical_emit_message(true, 'runmeta', 'durability self-test')");
  if (files.syncCount > before) return;
  throw new StorageError(
    "STORAGE_DURABILITY",
    `A commit to ${path} was acknowledged without being synced to disk, so a power cut could lose it. ` +
      "Use the version of @electric-sql/pglite that this package pins, or accept the loss with `fsync: false`.",
  );
}

async function plain(bytes: Promise<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  // Read from a file or a Blob, so never a SharedArrayBuffer.
  return (await bytes) as Uint8Array<ArrayBuffer>;
}
