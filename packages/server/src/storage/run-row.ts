import type { JsonObject, RunStatus } from "@runmeta/runtime/protocol";
import type { EngineName, RunFailure, RunRow, RunSummary } from "./storage.ts";
import { decodePacket } from "./stored-text.ts";

/** A row of `runs` joined with its document, as the drivers give it. */
export interface RunRecord {
  readonly id: string;
  readonly environment: string;
  readonly task: string;
  readonly engine: EngineName;
  readonly status: RunStatus;
  readonly payload: string;
  readonly output: string | null;
  readonly initial_metadata: string | null;
  readonly error: string | null;
  readonly tags: string[];
  readonly realtime_streams: string[];
  readonly parent_id: string | null;
  readonly root_id: string | null;
  readonly depth: number;
  readonly batch_id: string | null;
  readonly idempotency_key: string | null;
  readonly idempotency_key_expires_at: Date | null;
  readonly idempotency_key_options: string | null;
  readonly request_key: string | null;
  readonly delay_until: Date | null;
  readonly ttl_seconds: number | null;
  readonly ttl_text: string | null;
  readonly max_attempts: number | null;
  readonly max_duration_seconds: number | null;
  readonly queue: string | null;
  readonly concurrency_key: string | null;
  readonly priority: number | null;
  readonly is_test: boolean | null;
  readonly machine: string | null;
  readonly locked_version: string | null;
  readonly region: string | null;
  readonly debounce_key: string | null;
  readonly trigger_function: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly expired_at: Date | null;
  readonly attempt: number;
  readonly interruptions: number;
  readonly holder: string | null;
  readonly heartbeat_at: Date | null;
  readonly cancel_requested_at: Date | null;
  readonly metadata: string;
  readonly version: number;
  readonly document_updated_at: Date;
}

/** Assignments of every update of `runs r` that a reader of the run can see. */
export const MARK_CHANGED = "version = r.version + 1, changed_in = pg_current_xact_id(), updated_at = now()";

/** A row that was read without what can be large. */
export type RunSummaryRecord = Omit<RunRecord, "payload" | "output">;

/** The select list of a `RunSummaryRecord`, for `r` (runs, or a CTE with its columns) and `d` (run_documents). */
export const SUMMARY_COLUMNS = `r.id, r.environment, r.task, r.engine, r.status, r.initial_metadata, r.error, r.tags, r.realtime_streams,
  r.parent_id, r.root_id, r.depth, r.batch_id, r.idempotency_key, r.idempotency_key_expires_at,
  r.idempotency_key_options, r.request_key, r.delay_until, r.ttl_seconds, r.ttl_text, r.max_attempts, r.max_duration_seconds,
  r.queue, r.concurrency_key, r.priority, r.is_test, r.machine, r.locked_version, r.region, r.debounce_key, r.trigger_function, r.created_at, r.updated_at, r.started_at,
  r.finished_at, r.expired_at, r.attempt, r.interruptions, r.holder, r.heartbeat_at, r.cancel_requested_at,
  d.metadata, (r.version + d.version)::float8 AS version, d.updated_at AS document_updated_at`;

/** The select list of a `RunRecord`. */
export const RUN_COLUMNS = `${SUMMARY_COLUMNS}, r.payload, r.output`;

/** `SELECT` of runs with their documents; conditions are added behind it. */
export const SELECT_RUNS = `SELECT ${RUN_COLUMNS} FROM runs r JOIN run_documents d ON d.id = r.id`;

/** The same without payloads and outputs, which can be megabytes each. */
export const SELECT_SUMMARIES = `SELECT ${SUMMARY_COLUMNS} FROM runs r JOIN run_documents d ON d.id = r.id`;

/** The row the services see. */
export function toRunRow(record: RunRecord): RunRow {
  return {
    ...toRunSummary(record),
    payload: decodePacket(record.payload),
    output: record.output === null ? undefined : decodePacket(record.output),
  };
}

/** The same without payload and output, from a record that need not have them. */
export function toRunSummary(record: RunSummaryRecord): RunSummary {
  return {
    id: record.id,
    environment: record.environment,
    task: record.task,
    engine: record.engine,
    status: record.status,
    metadata: record.metadata,
    initialMetadata: record.initial_metadata ?? "{}",
    tags: record.tags,
    realtimeStreams: record.realtime_streams,
    parentId: record.parent_id ?? undefined,
    rootId: record.root_id ?? undefined,
    depth: record.depth,
    batchId: record.batch_id ?? undefined,
    idempotencyKey: record.idempotency_key ?? undefined,
    idempotencyKeyExpiresAt: record.idempotency_key_expires_at ?? undefined,
    idempotencyKeyOptions: parsed<JsonObject>(record.idempotency_key_options),
    requestKey: record.request_key ?? undefined,
    delayUntil: record.delay_until ?? undefined,
    ttlSeconds: record.ttl_seconds ?? undefined,
    ttlText: record.ttl_text ?? undefined,
    maxAttempts: record.max_attempts ?? undefined,
    maxDurationSeconds: record.max_duration_seconds ?? undefined,
    queue: record.queue ?? undefined,
    concurrencyKey: record.concurrency_key ?? undefined,
    priority: record.priority ?? undefined,
    isTest: record.is_test ?? undefined,
    machine: record.machine ?? undefined,
    lockedVersion: record.locked_version ?? undefined,
    region: record.region ?? undefined,
    debounceKey: record.debounce_key ?? undefined,
    triggerFunction: record.trigger_function,
    createdAt: record.created_at,
    updatedAt: later(record.updated_at, record.document_updated_at),
    startedAt: record.started_at ?? undefined,
    finishedAt: record.finished_at ?? undefined,
    expiredAt: record.expired_at ?? undefined,
    attempt: record.attempt,
    interruptions: record.interruptions,
    holder: record.holder ?? undefined,
    heartbeatAt: record.heartbeat_at ?? undefined,
    cancelRequestedAt: record.cancel_requested_at ?? undefined,
    error: parsed<RunFailure>(record.error),
    version: record.version,
  };
}

function parsed<T>(text: string | null): T | undefined {
  // These columns are only ever written from a T by JSON.stringify.
  return text === null ? undefined : (JSON.parse(text) as T);
}

function later(left: Date, right: Date): Date {
  return left > right ? left : right;
}
