import { applyRemoteOperations, type Operation } from "@runmeta/runtime/protocol";
import type { GroupRows } from "./group-rows.ts";
import type { ApplyResult, LiveDocument } from "./live-document.ts";
import type {
  DocumentUpdate,
  IneffectiveOperation,
  RefusedTarget,
  RemoteOutcome,
  RemoteTarget,
  UpdateRequest,
  UpdateResult,
} from "./update-request.ts";

/** A run that ended longer ago than this takes no more updates from its own batches. */
const updatableAfterEndMs = 60 * 60 * 1000;

/** The answer, to be asked for when the group is committed: by then the run's document holds what others wrote as well. */
export type FoldedAnswer = () => UpdateResult;

/**
 * Applies one request to the rows of its group: all of its own part, or nothing of the request at all. Parent and root
 * operations come after it; what their documents have no room for is refused by itself.
 *
 * @param now Unix time in milliseconds, for the hour after which a finished run is closed.
 */
export function foldUpdate(
  request: UpdateRequest,
  rows: GroupRows,
  limitBytes: number,
  now: number,
): FoldedAnswer {
  const own = rows.find(request.environment, request.runId);
  if (own === undefined) return always({ status: "not-found" });

  const { idempotencyKey, bodyHash, update } = request;
  if (idempotencyKey !== undefined) {
    const verdict = own.dedupe.check(idempotencyKey, bodyHash);
    if (verdict.kind === "reused") return always({ status: "key-reused" });
    if (verdict.kind === "duplicate") return updated(update, own, verdict.outcome);
  }

  const { finishedAt } = own.row;
  if (finishedAt !== undefined && now - finishedAt.getTime() > updatableAfterEndMs) {
    return always({ status: "completed" });
  }

  const applied = applyOwn(own, update);
  if (applied.kind === "too-large") return always({ status: "too-large", limitBytes, bytes: applied.bytes });

  const outcome = applyRemote(own, rows, update, limitBytes);
  if (idempotencyKey !== undefined) own.dedupe.record(idempotencyKey, bodyHash, outcome);
  return updated(update, own, outcome);
}

function applyOwn(own: LiveDocument, update: DocumentUpdate): ApplyResult {
  if (update.operations !== undefined) return own.apply(update.operations);
  if (update.metadata !== undefined) return own.replace(update.metadata);
  return { kind: "applied", unapplied: [] };
}

function applyRemote(
  own: LiveDocument,
  rows: GroupRows,
  update: DocumentUpdate,
  limitBytes: number,
): RemoteOutcome {
  const refused: RefusedTarget[] = [];
  const ineffective: IneffectiveOperation[] = [];
  const applyTo = (target: RemoteTarget, operations: readonly Operation[] = []) => {
    if (operations.length === 0) return;
    const document = rows.remote(own, target);
    if (document === undefined) {
      refused.push({ target, message: `The ${target} run is not known` });
      return;
    }
    const result = document.apply(
      operations,
      applyRemoteOperations,
      document === own ? undefined : own.row.id,
    );
    if (result.kind === "too-large") refused.push({ target, message: tooLargeMessage(limitBytes) });
    else for (const key of keysOf(result.unapplied)) ineffective.push({ target, key });
  };
  applyTo("parent", update.parentOperations);
  applyTo("root", update.rootOperations);
  return { refused, ineffective };
}

/** The keys of operations, each once; `update` has none. */
function keysOf(operations: readonly Operation[]): Set<string> {
  return new Set(operations.flatMap((operation) => (operation.type === "update" ? [] : [operation.key])));
}

/** The text of the public API for a document that does not fit. */
function tooLargeMessage(limitBytes: number): string {
  return `Metadata exceeds maximum size of ${limitBytes} bytes`;
}

function updated(update: DocumentUpdate, own: LiveDocument, outcome: RemoteOutcome): FoldedAnswer {
  return () => ({
    status: "updated",
    metadata: asksForNothing(update) ? "{}" : own.text(),
    refused: [...outcome.refused],
    ineffective: [...outcome.ineffective],
  });
}

function asksForNothing(update: DocumentUpdate): boolean {
  const { metadata, operations, parentOperations, rootOperations } = update;
  return (metadata ?? operations ?? parentOperations ?? rootOperations) === undefined;
}

function always(result: UpdateResult): FoldedAnswer {
  return () => result;
}
