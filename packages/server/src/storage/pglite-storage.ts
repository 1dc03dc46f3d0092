import { PGlite } from "@electric-sql/pglite";
import { pgliteClient } from "./pglite-client.ts";
import { sqlStorage } from "./sql-storage.ts";
import type { Storage } from "./storage.ts";

/** Where the embedded database keeps its files. */
export interface PgliteStorageOptions {
  /** Directory of the data; created when missing. Without one everything is in memory and gone at `close()`. */
  readonly directory?: string | undefined;
}

/** Storage in this process. */
export function pgliteStorage(options: PgliteStorageOptions = {}): Storage {
  return sqlStorage(async () => {
    const db = await PGlite.create(options.directory ?? "memory://");
    return pgliteClient(db, () => db.close());
  });
}
