import { isEnded, type RunStatus } from "@runmeta/runtime/protocol";
import type { Packet, RunFailure, RunRow } from "../../storage/storage.ts";
import { runDurationMs, shownIdempotencyKey, ttlText } from "../run-view.ts";

/** How a column's text is to be read. */
interface ColumnType {
  readonly type: "text" | "timestamp" | "int4" | "float8" | "bool" | "jsonb";
  readonly dims?: number;
}

interface Column {
  readonly type: ColumnType;
  read(run: RunRow): string | null;
}

const TEXT: ColumnType = { type: "text" };
const TEXTS: ColumnType = { type: "text", dims: 1 };
const TIMESTAMP: ColumnType = { type: "timestamp" };

/**
 * The columns of the official server's table that official clients read, as text in PostgreSQL's form. `friendlyId` is
 * what becomes a run's id; `completedAt` ends a subscription.
 */
const COLUMNS: Readonly<Record<string, Column>> = {
  id: { type: TEXT, read: (run) => run.id },
  taskIdentifier: { type: TEXT, read: (run) => run.task },
  friendlyId: { type: TEXT, read: (run) => run.id },
  status: { type: TEXT, read: (run) => INTERNAL_STATUSES[run.status] ?? run.status },
  createdAt: { type: TIMESTAMP, read: (run) => timestamp(run.createdAt) },
  updatedAt: { type: TIMESTAMP, read: (run) => timestamp(run.updatedAt) },
  startedAt: { type: TIMESTAMP, read: (run) => timestamp(run.startedAt) },
  delayUntil: { type: TIMESTAMP, read: (run) => timestamp(run.delayUntil) },
  queuedAt: {
    type: TIMESTAMP,
    read: (run) => (run.status === "DELAYED" ? null : timestamp(run.delayUntil ?? run.createdAt)),
  },
  expiredAt: { type: TIMESTAMP, read: (run) => timestamp(run.expiredAt) },
  completedAt: {
    type: TIMESTAMP,
    read: (run) => (isEnded(run.status) ? timestamp(run.finishedAt ?? run.updatedAt) : null),
  },
  idempotencyKey: { type: TEXT, read: (run) => shownIdempotencyKey(run) ?? null },
  number: { type: { type: "int4" }, read: () => "0" },
  isTest: { type: { type: "bool" }, read: (run) => (run.isTest === true ? "t" : "f") },
  usageDurationMs: { type: { type: "int4" }, read: (run) => String(Math.min(runDurationMs(run), MAX_INT4)) },
  costInCents: { type: { type: "float8" }, read: () => "0" },
  baseCostInCents: { type: { type: "float8" }, read: () => "0" },
  ttl: { type: TEXT, read: (run) => ttlText(run) ?? null },
  payload: { type: TEXT, read: (run) => run.payload.data ?? null },
  payloadType: { type: TEXT, read: (run) => run.payload.dataType },
  metadata: { type: TEXT, read: (run) => run.metadata },
  // Without it clients drop the document.
  metadataType: { type: TEXT, read: () => "application/json" },
  output: { type: TEXT, read: (run) => outputOf(run)?.data ?? null },
  outputType: { type: TEXT, read: (run) => outputOf(run)?.dataType ?? null },
  runTags: { type: TEXTS, read: (run) => arrayLiteral(run.tags) },
  error: { type: { type: "jsonb" }, read: (run) => (run.error === undefined ? null : errorOf(run.error)) },
  realtimeStreams: { type: TEXTS, read: (run) => arrayLiteral(run.realtimeStreams) },
};

/** Clients read a status that they do not know as QUEUED, our `COMPLETED` included. */
const INTERNAL_STATUSES: Partial<Record<RunStatus, string>> = {
  QUEUED: "PENDING",
  COMPLETED: "COMPLETED_SUCCESSFULLY",
  FAILED: "COMPLETED_WITH_ERRORS",
  WAITING: "WAITING_TO_RESUME",
};

/** Clients refuse a row without one of these. */
const NEVER_SKIPPED = new Set(["id", "taskIdentifier", "friendlyId", "status", "createdAt", "updatedAt"]);

const MAX_INT4 = 2_147_483_647;

/** The columns that are sent, always in the same order; names that are none are ignored. */
export function shapeColumns(skipped: readonly string[]): readonly string[] {
  return Object.keys(COLUMNS).filter((name) => NEVER_SKIPPED.has(name) || !skipped.includes(name));
}

/** What the header `electric-schema` says of columns. */
export function shapeSchema(columns: readonly string[]): string {
  return JSON.stringify(Object.fromEntries(columns.map((name) => [name, COLUMNS[name]?.type])));
}

/** A run as columns of text. */
export function shapeValue(run: RunRow, columns: readonly string[]): Record<string, string | null> {
  return Object.fromEntries(columns.map((name) => [name, COLUMNS[name]?.read(run) ?? null]));
}

/** Without a zone: clients append one. */
function timestamp(date: Date | undefined): string | null {
  return date === undefined ? null : date.toISOString().replace("Z", "");
}

function outputOf(run: RunRow): Packet | undefined {
  return run.status === "COMPLETED" && run.output?.data !== undefined ? run.output : undefined;
}

function errorOf({ name = "Error", message, stackTrace = "" }: RunFailure): string {
  return JSON.stringify({ type: "BUILT_IN_ERROR", name, message, stackTrace });
}

function arrayLiteral(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}
