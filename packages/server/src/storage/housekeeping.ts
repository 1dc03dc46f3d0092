import type { SqlClient } from "./sql-client.ts";

/** How an embedded database, which has no background processes, is kept small. */
export interface HousekeepingOptions {
  /**
   * Bytes of statement parameters after which the log is cut and dead rows are freed; bounds how far the directory
   * grows beyond its data. Unit: bytes. *Cost*: the statement that reaches it waits, about 0.1 to 0.3 s.
   * @default 33_554_432
   */
  readonly afterBytes?: number;
  /**
   * Milliseconds without housekeeping after which it is done for any amount written.
   * @default 30_000
   */
  readonly afterMs?: number;
}

const STATEMENTS = [
  "VACUUM (ANALYZE) runs",
  "VACUUM (ANALYZE) run_documents",
  "VACUUM document_changes",
  "VACUUM document_bases",
  "VACUUM changed_documents",
  "VACUUM (ANALYZE) document_leaves",
  "VACUUM batches",
  "VACUUM sessions",
  "VACUUM (ANALYZE) records",
  "VACUUM packets",
  "VACUUM api_keys",
  "VACUUM run_streams",
  "VACUUM stream_writers",
  "VACUUM (ANALYZE) stream_chunks",
  "VACUUM task_defaults",
  "VACUUM queue_limits",
  "CHECKPOINT",
];
/** What a statement writes apart from its parameters: log records, index entries. */
const STATEMENT_BYTES = 512;

/**
 * A client that vacuums and checkpoints by itself: single-user PostgreSQL has neither autovacuum nor a checkpointer,
 * and its log and tables would grow with every write.
 */
export function withHousekeeping(client: SqlClient, options: HousekeepingOptions = {}): SqlClient {
  const { afterBytes = 32 * 1024 * 1024, afterMs = 30_000 } = options;
  let pendingBytes = 0;
  let current: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    pendingBytes = 0;
    for (const statement of STATEMENTS) await client.query(statement);
  };
  const housekeeping = (): Promise<void> => {
    current ??= run().finally(() => {
      current = undefined;
    });
    return current;
  };
  const timer = setInterval(() => {
    // A fault shows at the next statement, which somebody waits for.
    if (pendingBytes > 0) housekeeping().catch(() => undefined);
  }, afterMs);
  timer.unref();

  return {
    async query(text, parameters = [], queryOptions) {
      if (pendingBytes >= afterBytes) await housekeeping();
      if (!/^\s*SELECT/.test(text)) pendingBytes += STATEMENT_BYTES + bytesOf(parameters);
      return client.query(text, parameters, queryOptions);
    },
    async close() {
      clearInterval(timer);
      await current?.catch(() => undefined);
      await client.close();
    },
  };
}

function bytesOf(parameters: readonly unknown[]): number {
  return parameters.reduce<number>(
    (sum, value) => sum + (typeof value === "string" || Buffer.isBuffer(value) ? value.length : 8),
    0,
  );
}
