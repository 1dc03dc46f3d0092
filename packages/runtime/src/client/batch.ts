import { currentScope } from "../context/context-storage.ts";
import { whileWaiting } from "../context/while-waiting.ts";
import { ApiError, ConfigError } from "../errors.ts";
import { MAX_BATCH_RUNS } from "../protocol/limits.ts";
import {
  type BatchItem,
  type BatchItems,
  type BatchOptions,
  itemLines,
  sendItems,
  type TaskBatchItem,
} from "./batch-items.ts";
import { type BatchItemError, retrieveBatch } from "./batch-runs.ts";
import { type CallOptions, withCallOptions } from "./call-options.ts";
import { requireApiClient } from "./configure.ts";
import { resolveIdempotencyKey } from "./idempotency-keys.ts";
import { pathSegment } from "./path-segment.ts";
import { replyField, replyString } from "./reply-field.ts";
import type { TaskRunResult } from "./task-run-promise.ts";
import { waitForRun } from "./wait-for-run.ts";

export type { BatchItem, BatchItems, BatchOptions } from "./batch-items.ts";

/** A batch that was triggered. */
export interface TriggeredBatch {
  readonly batchId: string;
  /** Items in the batch. */
  readonly runCount: number;
  /** True when an idempotency key gave a batch that was there before. */
  readonly isCached: boolean;
  /** The runs, in the order of the items; items that could not be triggered are missing here and named in `errors`. */
  readonly runs: readonly { readonly id: string }[];
  readonly errors: readonly BatchItemError[];
  /** A token that may read this batch, when the server gives one. */
  readonly publicAccessToken?: string;
}

/** The results of a batch, in the order of the items that became runs. */
export interface BatchResult<Output = unknown> {
  readonly id: string;
  readonly runs: readonly TaskRunResult<Output>[];
}

/** Held requests at a time: one for each run of a large batch would use up the server's and our sockets. */
const MAX_WAITING = 16;

async function triggerBatch(
  items: readonly TaskBatchItem[],
  options: BatchOptions,
  wait: { readonly resumeParentOnCompletion: boolean; readonly signal: AbortSignal | undefined },
): Promise<TriggeredBatch> {
  const taskIdentifiers = [...new Set(items.map(({ task }) => task))].sort();
  // Also refuses an id that cannot be triggered at all, as a single trigger does.
  for (const taskId of taskIdentifiers) pathSegment("the task's id", taskId);
  if (items.length === 0 || items.length > MAX_BATCH_RUNS) {
    throw new ConfigError(`a batch must have 1 to ${MAX_BATCH_RUNS} items, got ${items.length}`);
  }
  const [lines, key] = await Promise.all([
    itemLines(items, options, wait),
    resolveIdempotencyKey(options.idempotencyKey),
  ]);
  const client = requireApiClient();
  const path = "/api/v3/batches";
  const reply = await client.send("POST", path, {
    signal: wait.signal,
    body: {
      runCount: items.length,
      taskIdentifiers,
      parentRunId: currentScope()?.id,
      resumeParentOnCompletion: wait.resumeParentOnCompletion ? true : undefined,
      idempotencyKey: key?.hash,
      idempotencyKeyOptions: key?.origin,
    },
  });
  const batchId = replyString(`POST ${path}`, reply, "id");
  const isCached = replyField(reply, "isCached") === true;
  const counted = replyField(reply, "runCount");
  const runCount = typeof counted === "number" ? counted : items.length;
  // A cached batch may be one whose items never arrived, and the items of a complete one are dropped by their index.
  if (!isCached || runCount === items.length) await sendItems(client, batchId, lines, wait.signal);
  const { runs, errors } = await retrieveBatch(client, batchId, { runCount, signal: wait.signal });
  const token = reply.headers.get("x-trigger-jwt");
  return {
    batchId,
    runCount,
    isCached,
    runs,
    errors,
    ...(token === null ? {} : { publicAccessToken: token }),
  };
}

/** The items in one list: those of a stream are read to its end, at most one more than a batch may have. */
export async function collectItems<Item>(items: BatchItems<Item>): Promise<readonly Item[]> {
  if (Array.isArray(items)) return items;
  const collected: Item[] = [];
  for await (const item of items as AsyncIterable<Item>) {
    collected.push(item);
    if (collected.length > MAX_BATCH_RUNS) break;
  }
  return collected;
}

/**
 * Triggers up to 1,000 runs of one or several tasks. All items are checked before anything is sent.
 * @throws as `triggerTask`; ConfigError for an empty batch or more than 1,000 items
 */
export async function batchTrigger(
  items: readonly TaskBatchItem[],
  options: BatchOptions = {},
  call: CallOptions = {},
): Promise<TriggeredBatch> {
  const wait = { resumeParentOnCompletion: false, signal: call.signal };
  return withCallOptions(call, () => triggerBatch(items, options, wait));
}

/**
 * Triggers a batch and waits until all its runs have ended. Failed runs are results, not exceptions.
 * @throws as {@link batchTrigger}; ApiError when an item could not be triggered
 */
export async function batchTriggerAndWait<Output = unknown>(
  items: readonly TaskBatchItem[],
  options: BatchOptions = {},
  call: CallOptions = {},
): Promise<BatchResult<Output>> {
  return withCallOptions(call, () => triggerBatchAndWait<Output>(items, options, call.signal));
}

async function triggerBatchAndWait<Output>(
  items: readonly TaskBatchItem[],
  options: BatchOptions,
  signal: AbortSignal | undefined,
): Promise<BatchResult<Output>> {
  const batch = await triggerBatch(items, options, { resumeParentOnCompletion: true, signal });
  const [failed] = batch.errors;
  if (failed !== undefined || batch.runs.length !== batch.runCount) {
    // Results are told apart by their place, so a gap cannot be passed over.
    const which = failed === undefined ? "" : `: item ${failed.index}: ${failed.message}`;
    throw new ApiError(
      `batch ${batch.batchId}: ${batch.runs.length} of ${batch.runCount} items were triggered${which}`,
      { status: 200, body: batch },
    );
  }
  const runs: TaskRunResult<Output>[] = new Array(batch.runs.length);
  let next = 0;
  const wait = async () => {
    for (let index = next; index < batch.runs.length; index = next) {
      next = index + 1;
      const id = batch.runs[index]?.id ?? "";
      // A batch that was there before may have fewer items in this call.
      const taskIdentifier = items[index]?.task ?? "";
      runs[index] = { ...(await waitForRun<Output>(id, { signal })), taskIdentifier };
    }
  };
  const waitAll = () => Promise.all(Array.from({ length: Math.min(MAX_WAITING, batch.runs.length) }, wait));
  await whileWaiting({ type: "batch", batchId: batch.batchId, runCount: batch.runCount }, waitAll);
  return { id: batch.batchId, runs };
}

function ofTask(taskId: string, items: readonly BatchItem[]): TaskBatchItem[] {
  return items.map((item) => ({ ...item, task: taskId }));
}

/** As {@link batchTrigger}, of one task. */
export async function batchTriggerTask(
  taskId: string,
  items: readonly BatchItem[],
  options?: BatchOptions,
  call?: CallOptions,
): Promise<TriggeredBatch> {
  return batchTrigger(ofTask(taskId, items), options, call);
}

/** As {@link batchTriggerAndWait}, of one task. */
export async function batchTriggerTaskAndWait<Output = unknown>(
  taskId: string,
  items: readonly BatchItem[],
  options?: BatchOptions,
  call?: CallOptions,
): Promise<BatchResult<Output>> {
  return batchTriggerAndWait<Output>(ofTask(taskId, items), options, call);
}
