/** What a statement came back with. `affectedRows` counts the rows it inserted, updated or deleted. */
export interface SqlResult<Row> {
  readonly rows: Row[];
  readonly affectedRows: number;
}

/** How a statement may be treated by a driver. */
export interface SqlQueryOptions {
  /**
   * The statement may run twice without harm, so it is sent again when the connection is lost while its answer is
   * awaited. Statements that were certainly rolled back (deadlock, serialization failure) are always sent again.
   * @default false
   */
  readonly repeatable?: boolean;
}

/**
 * The whole of what storage needs of a database: PostgreSQL's dialect, one statement a call, each one atomic by
 * itself. There is no transaction call on purpose: everything that must be atomic is one statement, which holds on
 * both drivers and needs no round trips under a lock.
 */
export interface SqlClient {
  /**
   * Runs one statement with `$1 …` parameters; a Buffer is one in PostgreSQL's binary form (see `textArray`). Rejects
   * with a `StorageError` when the database cannot be reached.
   */
  query<Row>(
    text: string,
    parameters?: readonly unknown[],
    options?: SqlQueryOptions,
  ): Promise<SqlResult<Row>>;
  /** Releases the connection(s), or the directory. Later calls are refused. */
  close(): Promise<void>;
}
