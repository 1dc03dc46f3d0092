import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { databaseTemplate, pgliteVersion } from "./database-template.ts";
import { extractTar } from "./extract-tar.ts";
import { StorageError } from "./storage.ts";
import { syncPath, syncTree } from "./sync-tree.ts";

const VERSION_FILE = "runmeta-pglite-version";
/** There while the files may hold writes of a process that ran with `fsync: false`. */
const UNSYNCED_FILE = "runmeta-unsynced";

/**
 * Makes sure that `path` holds a complete database cluster that this version of PGlite can open. A new one is built
 * beside it and renamed, so that a crash in between leaves nothing or all of it. With `fsync` everything in it has
 * been synced when this resolves. The caller holds the lock.
 */
export async function prepareDatabaseDirectory(path: string, fsync: boolean): Promise<void> {
  const version = await pgliteVersion();
  if (existsSync(path)) checkVersion(path, version);
  else await createDatabaseDirectory(path, version, fsync);
  await settleUnsynced(join(path, UNSYNCED_FILE), path, fsync);
}

/** What was written without syncing must not be what the first synced write rests on. */
async function settleUnsynced(marker: string, path: string, fsync: boolean): Promise<void> {
  if (!fsync) return writeFileSync(marker, "");
  if (!existsSync(marker)) return;
  await syncTree(path);
  rmSync(marker);
}

async function createDatabaseDirectory(path: string, version: string, fsync: boolean): Promise<void> {
  const draft = `${path}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  extractTar(await databaseTemplate(), draft);
  writeFileSync(join(draft, VERSION_FILE), version);
  if (fsync) await syncTree(draft);
  renameSync(draft, path);
  if (fsync) await syncPath(dirname(path), "directory");
}

function checkVersion(path: string, version: string): void {
  const file = join(path, VERSION_FILE);
  if (!existsSync(file)) {
    throw new StorageError(
      "STORAGE_SCHEMA",
      `${path} was not made by runmeta (${VERSION_FILE} is missing). Use another data directory.`,
    );
  }
  const written = readFileSync(file, "utf8").trim();
  if (minor(written) === minor(version)) return;
  throw new StorageError(
    "STORAGE_SCHEMA",
    `${path} was written by PGlite ${written} and cannot be opened by PGlite ${version}. ` +
      "Start the version of runmeta that wrote it, or use another data directory.",
  );
}

/** Files are compatible within a minor version of PGlite, not between two of them. */
function minor(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
