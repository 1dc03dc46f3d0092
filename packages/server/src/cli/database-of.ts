import { pgliteStorage } from "../storage/pglite-storage.ts";
import { postgresStorage } from "../storage/postgres-storage.ts";
import { type Storage, StorageError } from "../storage/storage.ts";
import { CliError } from "./explain.ts";

/** Where the database of a command is. */
export interface DatabaseLocation {
  readonly data: string;
  readonly databaseUrl?: string;
}

/** The database that a command line names, not opened. */
export function storageOf({ data, databaseUrl }: DatabaseLocation): Storage {
  return databaseUrl === undefined
    ? pgliteStorage({ directory: data })
    : postgresStorage({ connectionString: databaseUrl });
}

/**
 * Opens the database, lets `use` work with it, and closes it.
 *
 * @throws CliError when another process has it open; `onPostgres` says what could be done there instead
 */
export async function withStorage(
  location: DatabaseLocation,
  onPostgres: string,
  use: (storage: Storage) => Promise<void>,
): Promise<void> {
  const storage = storageOf(location);
  try {
    await storage.open();
    await use(storage);
  } catch (cause) {
    if (!(cause instanceof StorageError) || cause.code !== "STORAGE_LOCKED") throw cause;
    throw new CliError(
      `${cause.message} The embedded database is open to one process: stop the server, run this again, and start it. ${onPostgres}`,
      { cause },
    );
  } finally {
    await storage.close();
  }
}
