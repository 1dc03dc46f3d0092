import { currentScope } from "../context/context-storage.ts";
import { whileWaiting } from "../context/while-waiting.ts";
import { ApiError, ConfigError } from "../errors.ts";
import { MAX_BATCH_RUNS } from "../protocol/limits.ts";
import type { ApiClient, ApiReply } from "./api-client.ts";
import { type BatchItemError, retrieveBatch } from "./batch-runs.ts";
import { requireApiClient } from "./configure.ts";
import { resolveIdempotencyKey } from "./idempotency-keys.ts";
import { pathSegment } from "./path-segment.ts";
import { pause } from "./pause.ts";
import { replyField, replyString } from "./reply-field.ts";
import { retryDelayMs } from "./retry-delay.ts";
import type { TaskRunResult } from "./task-run-promise.ts";
import type { CallOptions } from "./trigger.ts";
import { triggerBody } from "./trigger-body.ts";
import type { TriggerOptions } from "./trigger-options.ts";
import { waitForRun } from "./wait-for-run.ts";

/** One run of a batch. */
export interface BatchItem<Payload = unknown> {
  readonly payload: Payload;
  readonly options?: TriggerOptions | undefined;
}

export interface BatchOptions {
  /** One key for the batch; each item without a key of its own gets this one and its index. Scope `run`. */
  readonly idempotencyKey?: string | readonly string[] | undefined;
  /** @default the server's, 30 days */
  readonly idempotencyKeyTTL?: string | undefined;
}

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

/** A batch of 1,000 large payloads may be gigabytes: a request that failed is sent again in parts of this size. */
const MAX_ITEMS_CHARACTERS = 8 * 1024 * 1024;
/** Such a part, on a slow line, to a server that stores its runs before it answers. */
const ITEMS_DEADLINE_MS = 120_000;

function itemKey(
  item: BatchItem,
  index: number,
  batchKey: string | readonly string[] | undefined,
): string | readonly string[] | undefined {
  const own = item.options?.idempotencyKey;
  if (own !== undefined) return own;
  if (batchKey === undefined || batchKey.length === 0) return undefined;
  return [...(typeof batchKey === "string" ? [batchKey] : batchKey), String(index)];
}

async function itemLines(
  taskId: string,
  items: readonly BatchItem[],
  options: BatchOptions,
  wait: { readonly resumeParentOnCompletion: boolean },
): Promise<string[]> {
  return await Promise.all(
    items.map(async (item, index) => {
      const idempotencyKey = itemKey(item, index, options.idempotencyKey);
      const idempotencyKeyTTL = item.options?.idempotencyKeyTTL ?? options.idempotencyKeyTTL;
      const body = await triggerBody(
        item.payload,
        { ...item.options, idempotencyKey, idempotencyKeyTTL },
        wait,
      );
      return `${JSON.stringify({ index, task: taskId, ...body })}\n`;
    }),
  );
}

/** The lines as bodies of about {@link MAX_ITEMS_CHARACTERS} each, at least one line. */
function bodies(lines: readonly string[]): string[] {
  const result: string[] = [];
  let body = "";
  for (const line of lines) {
    if (body !== "" && body.length + line.length > MAX_ITEMS_CHARACTERS) {
      result.push(body);
      body = "";
    }
    body += line;
  }
  return [...result, body];
}

/** Sends all items until the server says it has every one; it drops those it has by their index. */
async function sendItems(
  client: ApiClient,
  batchId: string,
  lines: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const path = `/api/v3/batches/${pathSegment("the batch's id", batchId)}/items`;
  for (let attempt = 1; ; attempt += 1) {
    let reply: ApiReply | undefined;
    for (const body of bodies(lines)) {
      reply = await client.send("POST", path, {
        body,
        headers: { "content-type": "application/x-ndjson" },
        timeoutMs: ITEMS_DEADLINE_MS,
        signal,
      });
      if (replyField(reply, "sealed") === true) return;
    }
    const delayMs = retryDelayMs(attempt, undefined, undefined, client.clock);
    if (delayMs === undefined) {
      throw new ApiError(
        `POST ${path}: the server did not receive every item of the batch in ${attempt} attempts`,
        {
          status: reply.status,
          body: reply.body,
          headers: Object.fromEntries(reply.headers),
        },
      );
    }
    await pause(client.clock, delayMs, signal);
  }
}

async function triggerBatch(
  taskId: string,
  items: readonly BatchItem[],
  options: BatchOptions,
  wait: { readonly resumeParentOnCompletion: boolean; readonly signal: AbortSignal | undefined },
): Promise<TriggeredBatch> {
  // Also refuses an id that cannot be triggered at all, as a single trigger does.
  pathSegment("the task's id", taskId);
  if (items.length === 0 || items.length > MAX_BATCH_RUNS) {
    throw new ConfigError(`a batch must have 1 to ${MAX_BATCH_RUNS} items, got ${items.length}`);
  }
  const [lines, key] = await Promise.all([
    itemLines(taskId, items, options, wait),
    resolveIdempotencyKey(options.idempotencyKey),
  ]);
  const client = requireApiClient();
  const path = "/api/v3/batches";
  const reply = await client.send("POST", path, {
    signal: wait.signal,
    body: {
      runCount: items.length,
      taskIdentifiers: [taskId],
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

/**
 * Triggers up to 1,000 runs of a task. All items are checked before anything is sent.
 * @throws as `triggerTask`; ConfigError for an empty batch or more than 1,000 items
 */
export async function batchTriggerTask(
  taskId: string,
  items: readonly BatchItem[],
  options: BatchOptions = {},
  call: CallOptions = {},
): Promise<TriggeredBatch> {
  return triggerBatch(taskId, items, options, {
    resumeParentOnCompletion: false,
    signal: call.signal,
  });
}

/**
 * Triggers a batch and waits until all its runs have ended. Failed runs are results, not exceptions.
 * @throws as {@link batchTriggerTask}; ApiError when an item could not be triggered
 */
export async function batchTriggerTaskAndWait<Output = unknown>(
  taskId: string,
  items: readonly BatchItem[],
  options: BatchOptions = {},
  call: CallOptions = {},
): Promise<BatchResult<Output>> {
  const batch = await triggerBatch(taskId, items, options, {
    resumeParentOnCompletion: true,
    signal: call.signal,
  });
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
      runs[index] = {
        ...(await waitForRun<Output>(id, { signal: call.signal })),
        taskIdentifier: taskId,
      };
    }
  };
  const waitAll = () => Promise.all(Array.from({ length: Math.min(MAX_WAITING, batch.runs.length) }, wait));
  await whileWaiting({ type: "batch", batchId: batch.batchId, runCount: batch.runCount }, waitAll);
  return { id: batch.batchId, runs };
}
