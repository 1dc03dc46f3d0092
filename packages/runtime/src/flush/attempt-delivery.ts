import type { JsonObject } from "../protocol/json.ts";
import type { ReadResult, SendOptions, SendResult } from "../target/target.ts";
import type { FlushedRun } from "./flusher-options.ts";
import { judgeUnclear } from "./judge-unclear.ts";
import type { Parcel } from "./parcel.ts";

/** A reply, or: whether a batch was applied cannot be told, and this is the document now, if it can be read. */
export type AttemptResult =
  | SendResult
  | { readonly kind: "unclear"; readonly document: JsonObject | undefined };

/** The document could not be read to find out whether a batch was applied. */
function afterFailedRead(read: Extract<ReadResult, { kind: "failed" }>): AttemptResult {
  if (read.status === 401) return { kind: "paused", code: "UNAUTHORIZED", message: read.message };
  if (read.definitive) return { kind: "unclear", document: undefined };
  return { ...lostReply(read.cause), retryAfterMs: read.retryAfterMs };
}

/**
 * Sends a batch once; at once, where the target answers at once. One that may have been applied already, at an endpoint
 * that may apply it twice, is not sent before the document was read and says that it was not (F4). Rejects only when the
 * target breaks its contract.
 *
 * @param deduplicates told when the endpoint says that it applies a batch once
 */
export function attemptDelivery(
  parcel: Parcel,
  run: FlushedRun,
  options: SendOptions,
  deduplicates: () => void,
): AttemptResult | Promise<AttemptResult> {
  try {
    return parcel.unclear
      ? attemptUnclear(parcel, run, options, deduplicates)
      : deliver(parcel, run, options);
  } catch (cause) {
    return lostReply(cause);
  }
}

function deliver(
  parcel: Parcel,
  { target, store }: FlushedRun,
  options: SendOptions,
): SendResult | Promise<SendResult> {
  const { ledger } = store.outbox;
  ledger.requests += 1;
  ledger.bytesSent += parcel.body.length;
  return target.send(parcel, options);
}

async function attemptUnclear(
  parcel: Parcel,
  run: FlushedRun,
  options: SendOptions,
  deduplicates: () => void,
): Promise<AttemptResult> {
  const { target, store } = run;
  const read = await target.read(options);
  if (read.kind === "failed") return afterFailedRead(read);
  if (!read.deduplicates) {
    const { operations } = target.decode(parcel.body);
    const verdict = judgeUnclear(store.acknowledged(), read.document, operations);
    if (verdict === "unclear") return { kind: "unclear", document: read.document };
    if (verdict === "applied") return acknowledgedBy(read.document);
  }
  if (read.deduplicates) deduplicates();
  parcel.unclear = false;
  return deliver(parcel, run, options);
}

/** A fault after which the batch may have been applied, or not. */
export function lostReply(cause: unknown): Extract<SendResult, { kind: "retry" }> {
  return {
    kind: "retry",
    reason: cause instanceof Error ? cause.message : String(cause),
    retryAfterMs: undefined,
    maybeApplied: true,
    deduplicates: undefined,
    cause,
  };
}

function acknowledgedBy(document: JsonObject): SendResult {
  return {
    kind: "acknowledged",
    document,
    deduplicates: false,
    refused: [],
    ineffective: [],
    warning: undefined,
  };
}

/** A read that gave no document, for a reason on this side; it may be tried again. */
export function failedRead(message: string, cause: unknown): ReadResult {
  return { kind: "failed", message, status: undefined, definitive: false, retryAfterMs: undefined, cause };
}
