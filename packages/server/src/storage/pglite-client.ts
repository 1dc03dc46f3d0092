import { setImmediate as nextTurn } from "node:timers/promises";
import type { PGlite, QueryOptions } from "@electric-sql/pglite";
import type { SqlClient } from "./sql-client.ts";
import { StorageError } from "./storage.ts";

/** Longest time statements may keep the event loop before timers and sockets get a turn. */
const TURN_MS = 8;

/** Leaves arrays of texts as they are, in place of making text of a list: they are in binary form. */
const BINARY: QueryOptions = { serializers: { 1009: (array: unknown) => array as string } };

/**
 * PGlite as a `SqlClient`. It runs in this thread and its promises settle without leaving the microtask queue, so a
 * loop that awaits it would starve every timer: now and then a call waits for the next turn of the event loop.
 * After a fault that is not an SQL error (the WebAssembly module aborted, the disk failed) the database's memory
 * cannot be trusted any more: every later statement is refused until the process has been restarted.
 */
export function pgliteClient(db: PGlite, close: () => Promise<void>): SqlClient {
  let turnStartedAt = performance.now();
  let fault: StorageError | undefined;

  return {
    async query<Row>(text: string, parameters: readonly unknown[] = []) {
      if (performance.now() - turnStartedAt > TURN_MS) {
        await nextTurn();
        turnStartedAt = performance.now();
      }
      if (fault) throw fault;
      try {
        const result = await db.query<Row>(
          text,
          [...parameters],
          parameters.some(Buffer.isBuffer) ? BINARY : {},
        );
        return { rows: result.rows, affectedRows: result.affectedRows ?? 0 };
      } catch (error) {
        if (isSqlError(error)) throw error;
        fault = new StorageError(
          "STORAGE_UNAVAILABLE",
          `The embedded database stopped (${error instanceof Error ? error.message : String(error)}). ` +
            "Nothing is acknowledged any more; check the disk and restart the process.",
          { cause: error },
        );
        throw fault;
      }
    },
    close,
  };
}

/** SQL errors carry the five characters of their SQLSTATE. */
function isSqlError(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^[0-9A-Z]{5}$/.test(String(error.code));
}
