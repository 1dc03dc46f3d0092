import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { syncPath } from "./sync-tree.ts";

/** Version of the PGlite that is installed. */
export async function pgliteVersion(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve("@electric-sql/pglite");
  const manifest = JSON.parse(await readFile(join(dirname(entry), "..", "package.json"), "utf8")) as {
    version: string;
  };
  return manifest.version;
}

/**
 * An empty database cluster as a tar archive (40 MB). Making one takes seconds of `initdb`, so it is made once for
 * each version of PGlite and kept in the user's cache directory (`$XDG_CACHE_HOME` or `~/.cache`, `runmeta/`); where
 * that cannot be written it is made each time. Two processes that make it at once replace each other's whole file.
 */
export async function databaseTemplate(): Promise<Uint8Array> {
  const directory = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "runmeta");
  const path = join(directory, `pglite-${await pgliteVersion()}.tar`);
  const cached = await readCached(path);
  if (cached) return cached;
  const archive = await initializeCluster();
  await save(path, archive).catch(() => undefined);
  return archive;
}

async function readCached(path: string): Promise<Uint8Array | undefined> {
  try {
    // Only a file of this user: everything in it becomes part of a database.
    if (process.getuid && (await stat(path)).uid !== process.getuid()) return undefined;
    const archive = await readFile(path);
    return archive.length > 0 && archive.length % 512 === 0 ? archive : undefined;
  } catch {
    return undefined;
  }
}

async function initializeCluster(): Promise<Uint8Array> {
  const db = await PGlite.create();
  try {
    const archive = await db.dumpDataDir("none");
    return new Uint8Array(await archive.arrayBuffer());
  } finally {
    await db.close();
  }
}

async function save(path: string, archive: Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await writeFile(draft, archive, { mode: 0o600 });
    await syncPath(draft, "file");
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}
