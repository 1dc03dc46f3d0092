import { ApiError } from "../errors.ts";
import type { ApiClient, ApiReply } from "./api-client.ts";
import { pathSegment } from "./path-segment.ts";
import { pause } from "./pause.ts";
import { replyField } from "./reply-field.ts";
import { retryDelayMs } from "./retry-delay.ts";
import { triggerBody } from "./trigger-body.ts";
import type { TriggerOptions } from "./trigger-options.ts";

/** One run of a batch. */
export interface BatchItem<Payload = unknown> {
  readonly payload: Payload;
  readonly options?: TriggerOptions | undefined;
}

/** One run of a batch whose items may be of several tasks. */
export interface TaskBatchItem extends BatchItem {
  /** The task's id. */
  readonly task: string;
}

/** The items of a batch; what comes piece by piece is read to its end before anything is sent. */
export type BatchItems<Item> = readonly Item[] | AsyncIterable<Item> | ReadableStream<Item>;

/** Options of a batch as a whole; those of an item stand beside its payload. */
export interface BatchOptions {
  /** One key for the batch; each item without a key of its own gets this one and its index. Scope `run`. */
  readonly idempotencyKey?: string | readonly string[] | undefined;
  /** How long the key is remembered: a number and s, m, h or d, for example "12h". @default the server's, 30 days */
  readonly idempotencyKeyTTL?: string | undefined;
  /** Taken for compatibility and not used: the runs of a batch start as their queues allow. */
  readonly triggerSequentially?: boolean | undefined;
}

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

/** One line of NDJSON an item. Checks every item; nothing is sent. */
export async function itemLines(
  items: readonly TaskBatchItem[],
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
      return `${JSON.stringify({ index, task: item.task, ...body })}\n`;
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
export async function sendItems(
  client: ApiClient,
  batchId: string,
  lines: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const path = `/api/v3/batches/${pathSegment("the batch's id", batchId)}/items`;
  for (let attempt = 1; ; attempt += 1) {
    let last: ApiReply | undefined;
    for (const body of bodies(lines)) {
      last = await client.send("POST", path, {
        body,
        headers: { "content-type": "application/x-ndjson" },
        timeoutMs: ITEMS_DEADLINE_MS,
        signal,
      });
      if (replyField(last, "sealed") === true) return;
    }
    const delayMs = retryDelayMs(attempt, undefined, undefined, client.clock);
    if (delayMs === undefined) {
      throw new ApiError(
        `POST ${path}: the server did not receive every item of the batch in ${attempt} attempts`,
        {
          status: last?.status ?? 0,
          body: last?.body,
        },
      );
    }
    await pause(client.clock, delayMs, signal);
  }
}
