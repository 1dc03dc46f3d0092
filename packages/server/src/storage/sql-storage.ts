import { apiKeyStatements } from "./api-key-statements.ts";
import { addBatchItems, findBatch, insertBatch } from "./batch-statements.ts";
import { findMemberships, readGroup } from "./change-statements.ts";
import { putOffRun, releaseDebounceKey } from "./debounce-statements.ts";
import { readDocuments, writeDocuments } from "./document-statements.ts";
import { historyStatements } from "./history-statements.ts";
import { indexDocuments } from "./leaf-statements.ts";
import { migrate } from "./migrate.ts";
import { migrations } from "./migrations/migrations.ts";
import { hasPacket, reservePacket, writePacket } from "./packet-statements.ts";
import { pruneStatements } from "./prune-statements.ts";
import { queueStatements } from "./queue-statements.ts";
import { recordStatements } from "./record-statements.ts";
import { noAnnouncements, type RunAnnouncements } from "./run-announcements.ts";
import {
  childrenOf,
  findRunByIdempotencyKey,
  findRunByRequestKey,
  findRuns,
  insertRuns,
  listRuns,
  releaseIdempotencyKey,
} from "./run-statements.ts";
import { claimRuns, findSilentRuns, heartbeat, promoteDueRuns, transitionRun } from "./run-transitions.ts";
import {
  closeSession,
  findSession,
  insertSession,
  listSessions,
  setSessionRun,
  updateSession,
} from "./session-statements.ts";
import type { SqlClient } from "./sql-client.ts";
import { type Storage, StorageError } from "./storage.ts";
import { streamStatements } from "./stream-statements.ts";

/** Storage over any client that speaks PostgreSQL's dialect. `connect` is called by `open()`, once. */
export function sqlStorage(
  connect: () => Promise<SqlClient>,
  options: { readonly exclusive: boolean; readonly announcements?: RunAnnouncements } = { exclusive: false },
): Storage {
  const { announcements = noAnnouncements } = options;
  let opening: Promise<SqlClient> | undefined;
  let current: SqlClient | undefined;

  const open = async (): Promise<SqlClient> => {
    const client = await connect();
    try {
      await migrate(client, migrations);
    } catch (error) {
      await client.close().catch(() => undefined);
      throw error;
    }
    current = client;
    announcements.open();
    return client;
  };
  const client = (): SqlClient => {
    if (current) return current;
    throw new StorageError(
      "STORAGE_UNAVAILABLE",
      "The storage is not open: call open() first, and nothing after close().",
    );
  };

  return {
    exclusive: options.exclusive,
    async open() {
      opening ??= open();
      await opening.catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
    },
    async close() {
      const opened = await opening?.catch(() => undefined);
      opening = undefined;
      current = undefined;
      await announcements.close();
      await opened?.close();
    },
    insertRuns: async (runs) => insertRuns(client(), runs),
    findRun: async (environment, id) => (await findRuns(client(), environment, [id]))[0],
    findRuns: async (environment, ids) => findRuns(client(), environment, ids),
    listRuns: async (query) => listRuns(client(), query),
    childrenOf: async (environment, parentId, limit) => childrenOf(client(), environment, parentId, limit),
    transitionRun: async (transition) => transitionRun(client(), transition),
    putOffRun: async (run) => putOffRun(client(), run),
    releaseDebounceKey: async (environment, task, key) =>
      releaseDebounceKey(client(), environment, task, key),
    claimRuns: async (claim) => claimRuns(client(), claim),
    promoteDueRuns: async (now) => promoteDueRuns(client(), now),
    heartbeat: async (holder, ids, environment) => heartbeat(client(), holder, ids, environment),
    findSilentRuns: async (engine, silentSince) => findSilentRuns(client(), engine, silentSince),
    readDocuments: async (ids) => readDocuments(client(), ids),
    writeDocuments: async (writes) => writeDocuments(client(), writes),
    indexDocuments: async () => indexDocuments(client()),
    ...queueStatements(client),
    ...pruneStatements(client),
    ...recordStatements(client),
    findMemberships: async (ids) => findMemberships(client(), ids),
    readGroup: async (group, since) => readGroup(client(), group, since),
    announceRuns: (ids) => announcements.announce(ids),
    onRunsAnnounced: (listener) => announcements.subscribe(listener),
    ...historyStatements(client),
    ...apiKeyStatements(client),
    ...streamStatements(client),
    insertBatch: async (batch) => insertBatch(client(), batch),
    findBatch: async (environment, id) => findBatch(client(), environment, id),
    addBatchItems: async (id, items) => addBatchItems(client(), id, items),
    reservePacket: async (environment, id, keepSeconds) =>
      reservePacket(client(), environment, id, keepSeconds),
    writePacket: async (id, packet) => writePacket(client(), id, packet),
    hasPacket: async (environment, id) => hasPacket(client(), environment, id),
    findRunByIdempotencyKey: async (environment, task, key) =>
      findRunByIdempotencyKey(client(), environment, task, key),
    releaseIdempotencyKey: async (environment, task, key) =>
      releaseIdempotencyKey(client(), environment, task, key),
    findRunByRequestKey: async (environment, task, key) =>
      findRunByRequestKey(client(), environment, task, key),
    insertSession: async (session) => insertSession(client(), session),
    findSession: async (environment, name) => findSession(client(), environment, name),
    listSessions: async (query) => listSessions(client(), query),
    updateSession: async (environment, id, change) => updateSession(client(), environment, id, change),
    closeSession: async (environment, id, reason) => closeSession(client(), environment, id, reason),
    setSessionRun: async (environment, id, run) => setSessionRun(client(), environment, id, run),
  };
}
