import type { PoolConfig } from "pg";
import { ServerConfigError } from "../errors.ts";
import { PostgresAnnouncements } from "./postgres-announcements.ts";
import { postgresClient } from "./postgres-client.ts";
import { sqlStorage } from "./sql-storage.ts";
import { type Storage, StorageError } from "./storage.ts";

/** Where PostgreSQL is and how it is used. */
export interface PostgresStorageOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly connectionString: string;
  /**
   * Schema that holds the tables; created when it is missing. Letters, digits and `_`.
   * @default the connection's own search path (usually `public`)
   */
  readonly schema?: string;
  /**
   * Connections of this process, at most; one more hears of other servers' changes. Waiting for a free one is part of each statement's time.
   * @default 10
   */
  readonly maxConnections?: number;
  /**
   * Milliseconds after which PostgreSQL gives a statement up; the request is then answered with 503.
   * @default 15_000
   */
  readonly statementTimeoutMs?: number;
}

/**
 * Storage on a PostgreSQL server (15 or newer), for any number of runmeta servers at once. `open()` rejects with
 * STORAGE_UNAVAILABLE when the server cannot be reached and with STORAGE_SCHEMA when a newer runmeta has written
 * the database.
 *
 * @throws ServerConfigError for another kind of URL · StorageError (STORAGE_SCHEMA) for an impossible schema name
 */
export function postgresStorage(options: PostgresStorageOptions): Storage {
  const { connectionString, schema, maxConnections = 10, statementTimeoutMs = 15_000 } = options;
  if (schema !== undefined && !/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(schema)) {
    throw new StorageError(
      "STORAGE_SCHEMA",
      `The schema name ${JSON.stringify(schema)} is refused: use letters, digits and _ only, at most 63.`,
    );
  }
  // The driver takes anything for the name of a database on a host called "base".
  if (!/^(?:postgres(?:ql)?:\/\/|socket:|\/)/i.test(connectionString)) {
    // The text itself may hold a password, so it is not repeated.
    throw new ServerConfigError("The database URL must begin with postgres:// or postgresql://.");
  }
  const config: PoolConfig = {
    connectionString,
    max: maxConnections,
    connectionTimeoutMillis: 5_000,
    statement_timeout: statementTimeoutMs,
    // One that the server never answers at all: cut on this side too, a little later.
    query_timeout: statementTimeoutMs + 5_000,
    application_name: "runmeta",
    ...(schema === undefined ? {} : { options: `-c search_path="${schema}"` }),
  };
  return sqlStorage(
    async () => {
      const client = postgresClient(config);
      if (schema !== undefined) await client.query(createSchema(schema));
      return client;
    },
    {
      exclusive: false,
      announcements: new PostgresAnnouncements(config, `runmeta_runs_${schema ?? ""}`),
    },
  );
}

/** `CREATE SCHEMA IF NOT EXISTS` of two servers at once can fail in one of them; the lock makes them take turns. */
function createSchema(schema: string): string {
  return `DO $runmeta$ BEGIN
PERFORM pg_advisory_xact_lock(7268306383);
CREATE SCHEMA IF NOT EXISTS "${schema}";
END $runmeta$`;
}
