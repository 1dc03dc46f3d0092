import { isEnded } from "@runmeta/runtime/protocol";
import type { RunRow, RunSummary } from "../storage/storage.ts";
import { formatDuration } from "./duration.ts";
import { decodePacket } from "./packet.ts";
import { statusFlags } from "./run-status.ts";

/** A run with those around it, as read from storage. */
export interface RunFamily {
  readonly run: RunRow;
  readonly parent: RunSummary | undefined;
  readonly root: RunSummary | undefined;
  /** The newest ones, oldest first. */
  readonly children: readonly RunSummary[];
}

/** `GET /api/v3/runs/{id}`. What is absent is left out: clients read `null` as a value (dates as 1970). */
export function retrievedRun(family: RunFamily) {
  const { run } = family;
  return {
    ...commonFields(run),
    ...relatedFields(run),
    payload: decodePacket(run.payload),
    output: run.status === "COMPLETED" ? decodePacket(run.output) : undefined,
    error: run.error,
    attemptCount: run.attempt,
    attempts: [],
    relatedRuns: {
      root: family.root === undefined ? undefined : relatedRun(family.root),
      parent: family.parent === undefined ? undefined : relatedRun(family.parent),
      children: family.children.length === 0 ? undefined : family.children.map(relatedRun),
    },
  };
}

/** One item of `GET /api/v1/runs`. */
export function listedRun(run: RunSummary) {
  return { ...commonFields(run), env: { id: run.environment, name: run.environment } };
}

function relatedRun(run: RunSummary) {
  return { ...commonFields(run), ...relatedFields(run) };
}

function relatedFields(run: RunSummary) {
  return { depth: run.depth, triggerFunction: run.triggerFunction, batchId: run.batchId };
}

function commonFields(run: RunSummary) {
  return {
    id: run.id,
    status: run.status,
    taskIdentifier: run.task,
    version: run.lockedVersion,
    region: run.region,
    idempotencyKey: shownIdempotencyKey(run),
    createdAt: run.createdAt,
    updatedAt: run.updatedAt,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    delayedUntil: run.delayUntil,
    expiredAt: run.expiredAt,
    ttl: ttlText(run),
    tags: run.tags.toSorted((left, right) => left.localeCompare(right)),
    isTest: run.isTest ?? false,
    realtimeStreams: run.realtimeStreams.length === 0 ? undefined : run.realtimeStreams,
    costInCents: 0,
    baseCostInCents: 0,
    durationMs: runDurationMs(run),
    ...statusFlags(run.status),
    metadata: JSON.parse(run.metadata) as unknown,
  };
}

/** From the start of the first attempt to the end; 0 while the run has not ended. */
export function runDurationMs(run: RunSummary): number {
  if (run.startedAt === undefined || run.finishedAt === undefined || !isEnded(run.status)) return 0;
  return Math.max(0, run.finishedAt.getTime() - run.startedAt.getTime());
}

/** The key as the caller wrote it; its hash where only that is known. */
export function shownIdempotencyKey(
  run: Pick<RunSummary, "idempotencyKey" | "idempotencyKeyOptions">,
): string | undefined {
  const shownKey = run.idempotencyKeyOptions?.key;
  return typeof shownKey === "string" ? shownKey : run.idempotencyKey;
}

/** How long the run may stay queued, as clients write durations. */
export function ttlText(run: RunSummary): string | undefined {
  return run.ttlText ?? (run.ttlSeconds === undefined ? undefined : formatDuration(run.ttlSeconds));
}
