import { setTimeout as delay } from "node:timers/promises";
import {
  DatabaseError,
  Pool,
  type PoolClient,
  type PoolConfig,
  type QueryResult,
  type QueryResultRow,
} from "pg";
import type { SqlClient } from "./sql-client.ts";
import { StorageError } from "./storage.ts";

/** Waits between tries: about two seconds in all, what a restart of PostgreSQL takes; then the caller is told. */
const RETRY_DELAYS_MS = [25, 75, 200, 500, 1_200];
/** No new try after this time, however it was spent: whoever waits for the statement has a deadline too. */
const RETRY_WITHIN_MS = 5_000;
/** Serialization failure, deadlock: PostgreSQL has rolled the statement back and asks for another try. */
const ROLLED_BACK = new Set(["40001", "40P01"]);
/** Shutting down, starting up, too many clients, and connection faults. */
const UNREACHABLE = /^(08...|57P0[1-5]|53300)$/;
/** Statement timeout, lock timeout, out of disk or memory: rolled back, and another try at once would not help. */
const GIVEN_UP = /^(57014|55P03|53[12]00)$/;

/** `pg` as a `SqlClient`: a pool, a statement timeout, a few retries, and then STORAGE_UNAVAILABLE. */
export function postgresClient(config: PoolConfig): SqlClient {
  const pool = new Pool(config);
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => undefined);
  // The pool listens to idle connections only: one that breaks in the middle of a query would end the process too.
  pool.on("connect", (client) => client.on("error", () => undefined));

  return {
    async query<Row>(
      text: string,
      parameters: readonly unknown[] = [],
      options: { repeatable?: boolean } = {},
    ) {
      const startedAt = performance.now();
      for (const waitMs of [...RETRY_DELAYS_MS, undefined]) {
        const outcome = await attempt(pool, text, parameters);
        if ("result" in outcome) {
          return { rows: outcome.result.rows as Row[], affectedRows: outcome.result.rowCount ?? 0 };
        }
        if (outcome.kind === "refused") throw outcome.error;
        if (outcome.kind === "given up") throw unavailable(outcome.error);
        const again =
          outcome.kind === "not sent" || outcome.kind === "rolled back" || options.repeatable === true;
        const late = performance.now() - startedAt > RETRY_WITHIN_MS;
        if (!again || late || waitMs === undefined) throw unavailable(outcome.error);
        await delay(waitMs * (0.75 + Math.random() / 4));
      }
      throw unavailable(undefined);
    },
    close: () => pool.end(),
  };
}

type Outcome =
  | { readonly result: QueryResult<QueryResultRow> }
  /** "lost": the connection went away while the answer was awaited; the statement may have been applied. */
  | { readonly kind: "not sent" | "rolled back" | "lost" | "given up" | "refused"; readonly error: unknown };

async function attempt(pool: Pool, text: string, parameters: readonly unknown[]): Promise<Outcome> {
  let client: PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    return { kind: refusedForGood(error) ? "refused" : "not sent", error };
  }
  try {
    const result = await client.query<QueryResultRow>(text, [...parameters]);
    client.release();
    return { result };
  } catch (error) {
    const kind = faultKind(error);
    client.release(kind === "lost");
    return { kind, error };
  }
}

function faultKind(error: unknown): "rolled back" | "lost" | "given up" | "refused" {
  if (!(error instanceof DatabaseError)) return "lost";
  const code = error.code ?? "";
  if (ROLLED_BACK.has(code)) return "rolled back";
  if (GIVEN_UP.test(code)) return "given up";
  return UNREACHABLE.test(code) ? "lost" : "refused";
}

/** A wrong password or an unknown database does not get better by waiting. */
function refusedForGood(error: unknown): boolean {
  return error instanceof DatabaseError && !UNREACHABLE.test(error.code ?? "");
}

function unavailable(cause: unknown): StorageError {
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new StorageError(
    "STORAGE_UNAVAILABLE",
    `PostgreSQL cannot be reached or did not answer (${reason}). Nothing was acknowledged; the caller may try again.`,
    { cause },
  );
}
