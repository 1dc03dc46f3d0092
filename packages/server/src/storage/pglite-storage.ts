import { sqlStorage } from "./sql-storage.ts";
import type { Storage } from "./storage.ts";

/** Where the embedded database keeps its files, and how safe they are. */
export interface PgliteStorageOptions {
  /**
   * Directory of the data; created when missing. It gets `database/` and, while open, `database.lock`.
   * Without one everything is in memory and gone at `close()`.
   */
  readonly directory?: string | undefined;
  /**
   * Whether a write is synced to disk before it counts as stored. *Cost* of `true`: about a tenth of the throughput
   * of grouped writes. *Cost* of `false`: a power cut or a crash of the machine (not of the process) can lose
   * acknowledged writes, and can leave a directory that does not open any more.
   * @default true
   */
  readonly fsync?: boolean | undefined;
}

/**
 * Storage in this process, nothing to install: PGlite, PostgreSQL compiled to WebAssembly. One process at a time.
 * `open()` rejects with STORAGE_LOCKED (another process has the directory; the message names it), STORAGE_SCHEMA
 * (written by a newer version), STORAGE_DURABILITY (writes would not be synced) or STORAGE_UNAVAILABLE.
 */
export function pgliteStorage(options: PgliteStorageOptions = {}): Storage {
  const { directory, fsync = true } = options;
  return sqlStorage(
    async () => {
      // Loaded when it is used: PGlite takes 0.2 s to import, which a server on PostgreSQL need not wait for.
      const { openPgliteDirectory, openPgliteMemory } = await import("./open-pglite.ts");
      return directory === undefined ? openPgliteMemory() : openPgliteDirectory({ directory, fsync });
    },
    { exclusive: true },
  );
}
