import type { JsonObject, RunStatus } from "@runmeta/runtime/protocol";
import type { ApiKeyStorage } from "./api-key-storage.ts";
import type { ChangeStorage, RunGroup } from "./change-storage.ts";
import type { EngineName } from "./engine-name.ts";
import type { HistoryStorage } from "./history-storage.ts";
import type { LeafFilter } from "./leaf-filter.ts";
import type { PruneStorage } from "./prune-storage.ts";
import type { QueueStorage } from "./queue-storage.ts";
import type { RecordStorage } from "./record-storage.ts";
import type { SessionStorage } from "./session-storage.ts";
import type { StreamStorage } from "./stream-storage.ts";

export type { ChangeStorage, RunGroup, RunMembership } from "./change-storage.ts";
export type { EngineName } from "./engine-name.ts";
export type { HistoryStorage, StoredChange, StoredHistory } from "./history-storage.ts";
export { PRUNE_KINDS, type PruneCounts, type PruneStorage } from "./prune-storage.ts";
export type { DispatchedRun, QueueLimit, QueuePlace, QueueStorage } from "./queue-storage.ts";
export type { RecordQuery, RecordRow, RecordStorage } from "./record-storage.ts";
export type { SessionChange, SessionQuery, SessionRow } from "./session-storage.ts";
export type { StreamRead, StreamStorage, StreamWriterId } from "./stream-storage.ts";

/**
 * What the services need of a database; the only thing they see of it. One SQL dialect (PostgreSQL) implements it
 * on two drivers, PGlite and `pg`. A method that resolves has been committed, and on PGlite synced to disk.
 */
export interface Storage
  extends SessionStorage,
    RecordStorage,
    ChangeStorage,
    ApiKeyStorage,
    HistoryStorage,
    StreamStorage,
    QueueStorage,
    PruneStorage {
  /** No other process can have this database open: whatever others left behind there, they have left for good. */
  readonly exclusive: boolean;
  /** Opens the database and brings its schema up to date. Rejects with a `StorageError` that says what to do. */
  open(): Promise<void>;
  close(): Promise<void>;

  /** Inserts runs (one statement). A run whose id exists already is left as it is and not in the result. */
  insertRuns(runs: readonly NewRun[]): Promise<RunSummary[]>;
  findRun(environment: string, id: string): Promise<RunRow | undefined>;
  findRuns(environment: string, ids: readonly string[]): Promise<RunRow[]>;
  /** Newest first (created_at, then id); `after`/`before` are run ids; one more than `limit` is never returned. */
  listRuns(query: RunQuery): Promise<RunSummary[]>;
  /** The newest `limit` children, oldest first. */
  childrenOf(environment: string, parentId: string, limit: number): Promise<RunSummary[]>;

  /** The one status transition primitive: applies `change` if the row is in one of `from` (and, when given, attempt and holder match). */
  transitionRun(transition: RunTransition): Promise<RunRow | undefined>;
  /** Puts the run off that waits with a debounce key; undefined when none does. */
  putOffRun(run: DebouncedRun): Promise<RunSummary | undefined>;
  /** Lets that run keep its time; the next trigger of the key starts another. */
  releaseDebounceKey(environment: string, task: string, key: string): Promise<void>;
  /** Takes up to `limit` due QUEUED runs of an engine, marks them DEQUEUED for `holder`, oldest first (`FOR UPDATE SKIP LOCKED`). */
  claimRuns(claim: {
    engine: EngineName;
    holder: string;
    limit: number;
    tasks?: readonly string[];
    /** Queues to take nothing from: a name, or a name, a line break and a concurrency key (empty: runs without one). */
    fullQueues?: readonly string[];
  }): Promise<RunRow[]>;
  /** DELAYED runs that are due become QUEUED; queued ones past their ttl become EXPIRED. Returns what changed and when the next is due. */
  promoteDueRuns(now: Date): Promise<{ changed: RunRow[]; nextDueAt: Date | undefined }>;
  /** Extends the lease of runs held by `holder` (of one environment, when given); returns the ids that are still its own. */
  heartbeat(holder: string, ids: readonly string[], environment?: string): Promise<string[]>;
  /** Runs of an engine that are DEQUEUED, EXECUTING or WAITING and whose holder was last seen before `silentSince` (all when undefined). */
  findSilentRuns(engine: EngineName, silentSince: Date | undefined): Promise<RunRow[]>;

  /**
   * Runs of a group, newest first, and the position of this look. With `since`, the position of an earlier one, only
   * runs that changed in between: each of them, and no other. Undefined when there are too many to send, or when `since`
   * is no position of this database.
   */
  readGroup(group: RunGroup, since: string | undefined): Promise<GroupRead | undefined>;

  /** Rows as the metadata writer needs them: document, version, publishers, parent, root. */
  readDocuments(ids: readonly string[]): Promise<DocumentRow[]>;
  /**
   * Writes all rows or none, in one statement: each must still have the versions that it expects. Resolves with false when one had not.
   * Rows are locked in the order of their ids.
   */
  writeDocuments(writes: readonly DocumentWrite[]): Promise<boolean>;
  /** Lets runs be found by some of the documents that changed; true when there may be more. Servers take different ones. */
  indexDocuments(): Promise<boolean>;

  /** Makes room for the upload of a payload and keeps it for `keepSeconds`. */
  reservePacket(environment: string, id: string, keepSeconds: number): Promise<void>;
  /** Stores an upload; false when there is no room for it (any more). */
  writePacket(id: string, packet: Packet): Promise<boolean>;
  /** True when an upload is complete; a run can be inserted with it for another hour at least. */
  hasPacket(environment: string, id: string): Promise<boolean>;

  insertBatch(batch: NewBatch): Promise<BatchRow>;
  findBatch(environment: string, id: string): Promise<BatchRow | undefined>;
  /** Records items (by index, once) and, when all `runCount` are in, seals the batch. */
  addBatchItems(id: string, items: readonly { index: number; runId: string }[]): Promise<BatchRow>;

  /** `idempotencyKey` is the hash that clients send. Only unexpired keys of runs that neither failed nor expired count. */
  findRunByIdempotencyKey(
    environment: string,
    task: string,
    idempotencyKey: string,
  ): Promise<RunRow | undefined>;
  /** Frees an idempotency key; false when no run of the task holds it. */
  releaseIdempotencyKey(environment: string, task: string, idempotencyKey: string): Promise<boolean>;
  findRunByRequestKey(environment: string, task: string, requestKey: string): Promise<RunRow | undefined>;
}

/** A value as a client sent it: the text and the format it is in (`application/json`, `application/super+json`, `text/plain`). */
export interface Packet {
  readonly data: string | undefined;
  readonly dataType: string;
}

/** The error of a run that did not succeed, as `GET /api/v3/runs/{id}` shows it. */
export interface RunFailure {
  readonly name?: string | undefined;
  readonly message: string;
  readonly stackTrace?: string | undefined;
}

export interface NewRun {
  readonly id: string;
  readonly environment: string;
  readonly task: string;
  readonly engine: EngineName;
  readonly status: "QUEUED" | "DELAYED";
  readonly payload: Packet;
  /** An upload that becomes the payload instead. */
  readonly payloadPacketId?: string | undefined;
  /** JSON text; may hold NUL and lone surrogates, which `jsonb` would refuse. */
  readonly metadata: string;
  readonly tags: readonly string[];
  readonly parentId?: string | undefined;
  readonly rootId?: string | undefined;
  readonly depth: number;
  readonly batchId?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly idempotencyKeyExpiresAt?: Date | undefined;
  /** What the user wrote, shown instead of the hash: `{ key, scope }`. */
  readonly idempotencyKeyOptions?: JsonObject | undefined;
  readonly requestKey?: string | undefined;
  readonly delayUntil?: Date | undefined;
  /** Seconds a run may stay queued. */
  readonly ttlSeconds?: number | undefined;
  /** The same as the caller wrote it, where that was a text. */
  readonly ttlText?: string | undefined;
  readonly maxAttempts?: number | undefined;
  readonly maxDurationSeconds?: number | undefined;
  readonly queue?: string | undefined;
  readonly concurrencyKey?: string | undefined;
  readonly priority?: number | undefined;
  readonly isTest?: boolean | undefined;
  /** Name of a machine preset; nothing here chooses machines, foreign workers may. */
  readonly machine?: string | undefined;
  /** The version of the code that the caller asked for. */
  readonly lockedVersion?: string | undefined;
  readonly region?: string | undefined;
  /** Triggers of one key join the run that waits with it. */
  readonly debounceKey?: string | undefined;
  /** How it was triggered: trigger, triggerAndWait, batchTrigger, batchTriggerAndWait. */
  readonly triggerFunction: string;
}

/** A run without what can be large; documents are as small as the server's limit. */
export interface RunSummary extends Omit<NewRun, "status" | "payload" | "payloadPacketId"> {
  /** The document that the run was triggered with, JSON text. */
  readonly initialMetadata: string;
  readonly status: RunStatus;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  readonly expiredAt: Date | undefined;
  /** 0 until the first attempt starts. */
  readonly attempt: number;
  /** How often the executing process went away in the middle of an attempt. */
  readonly interruptions: number;
  readonly holder: string | undefined;
  readonly heartbeatAt: Date | undefined;
  readonly cancelRequestedAt: Date | undefined;
  readonly error: RunFailure | undefined;
  /** Keys of the run's streams, in the order in which they were made. */
  readonly realtimeStreams: readonly string[];
  /** Grows with each committed change of the row or the document. */
  readonly version: number;
}

/** A run with everything. */
export interface RunRow extends RunSummary {
  readonly payload: Packet;
  readonly output: Packet | undefined;
}

/** A look at a group. */
export interface GroupRead {
  readonly runs: readonly RunRow[];
  /** Digits and `_`; orders looks by its first number. Holds for every server on the database. */
  readonly position: string;
}

export interface RunQuery {
  readonly environment: string;
  readonly limit: number;
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly status?: readonly RunStatus[] | undefined;
  readonly tasks?: readonly string[] | undefined;
  /** Any of them. */
  readonly tags?: readonly string[] | undefined;
  readonly queues?: readonly string[] | undefined;
  readonly machines?: readonly string[] | undefined;
  readonly versions?: readonly string[] | undefined;
  readonly regions?: readonly string[] | undefined;
  readonly batchId?: string | undefined;
  readonly rootId?: string | undefined;
  readonly isTest?: boolean | undefined;
  /** All of them; as far as documents were indexed. */
  readonly metadata?: readonly LeafFilter[] | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** Which waiting run is put off until when. */
export interface DebouncedRun {
  readonly environment: string;
  readonly task: string;
  readonly key: string;
  readonly delayUntil: Date;
  /** Only a run that is not older. */
  readonly createdAfter: Date | undefined;
  /** What the run gets instead of its payload, document, tags and, where given, limits and machine. */
  readonly update: NewRun | undefined;
}

export interface RunTransition {
  readonly environment?: string | undefined;
  readonly id: string;
  readonly from: readonly RunStatus[];
  /** When given, the row's attempt must equal it. */
  readonly attempt?: number | undefined;
  /** When given, the row's holder must equal it. */
  readonly heldBy?: string | undefined;
  /** When given, the row's tags must equal them, order included. */
  readonly tagged?: readonly string[] | undefined;
  /** True: only while fewer runs of its queue (and concurrency key) execute than the queue's limit allows. */
  readonly ifQueueHasRoom?: boolean | undefined;
  readonly change: {
    readonly status?: RunStatus;
    readonly attempt?: number;
    readonly interruptions?: number;
    /** null releases the run. */
    readonly holder?: string | null;
    readonly heartbeatAt?: Date;
    readonly startedAt?: Date;
    readonly finishedAt?: Date;
    readonly expiredAt?: Date;
    readonly delayUntil?: Date;
    readonly cancelRequestedAt?: Date;
    readonly output?: Packet;
    readonly error?: RunFailure;
    readonly tags?: readonly string[];
  };
}

/** What `PUT …/metadata` reads and writes of a run, apart from everything else in its row. */
export interface DocumentRow {
  readonly id: string;
  readonly environment: string;
  readonly metadata: string;
  /** Grows by one with each committed write of the document. */
  readonly version: number;
  /** Deduplication state, JSON text (the metadata writer knows its shape). */
  readonly dedupe: string;
  readonly parentId: string | undefined;
  readonly rootId: string | undefined;
  readonly finishedAt: Date | undefined;
  /** Grows with each change of the run's row, from which come all members but the document's own. */
  readonly runVersion: number;
  /** The run's attempt; 0 until the first one starts. */
  readonly attempt: number;
  /** Changes in the run's history that are not folded, and the bytes of their operations. */
  readonly changeCount: number;
  readonly changeBytes: number;
}

export interface DocumentWrite {
  readonly id: string;
  readonly expectedVersion: number;
  /** What the row's `runVersion` must be; undefined: whatever it is. */
  readonly expectedRunVersion?: number | undefined;
  readonly metadata: string;
  readonly dedupe: string;
  /** What changed, for the history; undefined when the document is as it was. */
  readonly change?: { readonly attempt: number; readonly operations: string } | undefined;
}

export interface NewBatch {
  readonly id: string;
  readonly environment: string;
  readonly runCount: number;
  readonly parentId?: string | undefined;
  readonly resumeParentOnCompletion: boolean;
  readonly idempotencyKey?: string | undefined;
  readonly requestKey?: string | undefined;
}

export interface BatchRow extends NewBatch {
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly sealed: boolean;
  /** Run ids by item index; a missing item is absent. */
  readonly items: ReadonlyMap<number, string>;
  /** How many of those runs have not ended. */
  readonly liveRuns: number;
}

/** A database that cannot be opened or reached; the message says what to do. */
export class StorageError extends Error {
  override name = "StorageError";
  readonly code: "STORAGE_LOCKED" | "STORAGE_SCHEMA" | "STORAGE_UNAVAILABLE" | "STORAGE_DURABILITY";

  constructor(code: StorageError["code"], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
