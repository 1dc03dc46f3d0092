import type { BatchRow, Storage } from "../storage/storage.ts";
import type { Clock } from "./clock.ts";
import { indexableKey } from "./indexable-key.ts";
import { itemRunId, newId, tokenBatchId } from "./new-id.ts";
import type { RunService } from "./run-service.ts";
import type { TriggerOptions } from "./trigger-request.ts";

/** Clients send the items at once and try for seconds; after a day nobody will. */
const ABORT_AFTER_MS = 24 * 3_600_000;

/** Where a batch stands. */
export type BatchStatus = "PENDING" | "PROCESSING" | "COMPLETED" | "PARTIAL_FAILED" | "ABORTED";

/** So long after it was announced, another caller may still be about to send a batch's first items. */
const STREAMING_MS = 5_000;

/** One run of a batch, as it comes in the second phase. */
export interface BatchItemRequest {
  readonly index: number;
  readonly task: string;
  readonly payload?: unknown;
  readonly options?: TriggerOptions | undefined;
}

/** What became of a group of items; `failed` names the first that was refused, and none of the group was accepted then. */
export type AddItemsResult =
  | { readonly ok: true; readonly batch: BatchRow; readonly accepted: number; readonly deduplicated: number }
  | { readonly ok: false; readonly index: number; readonly message: string };

/** Batches of triggers in two phases: announce how many, then send the items, as often as it takes. */
export class BatchService {
  readonly #storage: Storage;
  readonly #runs: RunService;
  readonly #clock: Clock;

  constructor(storage: Storage, runs: RunService, clock: Clock) {
    this.#storage = storage;
    this.#runs = runs;
    this.#clock = clock;
  }

  /**
   * Announces a batch. An idempotency key that was used before gives the earlier batch, as cached: clients do not send
   * its items then. So one whose items are not all here is not called cached when the same call comes again, or when
   * nobody can be sending them any more; it takes them now.
   */
  async create(request: {
    readonly environment: string;
    readonly runCount: number;
    readonly parentId?: string | undefined;
    readonly resumeParentOnCompletion: boolean;
    readonly idempotencyKey?: string | undefined;
    /** The same for each HTTP attempt of one call. */
    readonly requestKey?: string | undefined;
    /** Names the token of the caller when it is good for one batch. */
    readonly oneTimeToken?: string | undefined;
  }): Promise<{ batch: BatchRow; isCached: boolean } | "token-used"> {
    const { oneTimeToken, ...wanted } = request;
    const id = oneTimeToken === undefined ? newId("batch") : tokenBatchId(oneTimeToken);
    const made = oneTimeToken === undefined ? undefined : await this.find(request.environment, id);
    // The same call once more is answered: its first reply was lost.
    if (made !== undefined && (made.requestKey === undefined || made.requestKey !== request.requestKey))
      return "token-used";
    const key = request.idempotencyKey;
    const idempotencyKey = key === undefined ? undefined : indexableKey(key);
    const batch = await this.#storage.insertBatch({ ...wanted, id, idempotencyKey });
    const isRepeated = request.requestKey !== undefined && batch.requestKey === request.requestKey;
    const ageMs = this.#clock.now().getTime() - batch.createdAt.getTime();
    const isCached = batch.id !== id && !isRepeated && (batch.sealed || ageMs < STREAMING_MS);
    return { batch, isCached };
  }

  /** A batch, or undefined when this environment has none of that id. */
  async find(environment: string, id: string): Promise<BatchRow | undefined> {
    return await this.#storage.findBatch(environment, id);
  }

  /** Triggers a group of items. An index that is in already is counted as a duplicate and not triggered again. */
  async addItems(batch: BatchRow, items: readonly BatchItemRequest[]): Promise<AddItemsResult> {
    const fresh = new Map<number, BatchItemRequest>();
    for (const item of items) {
      if (item.index >= batch.runCount) {
        return fail(item.index, `Item index ${item.index} exceeds batch runCount ${batch.runCount}`);
      }
      if (!batch.items.has(item.index) && !fresh.has(item.index)) fresh.set(item.index, item);
    }
    const deduplicated = items.length - fresh.size;
    if (fresh.size === 0) return { ok: true, batch, accepted: 0, deduplicated };

    const wanted = [...fresh.values()];
    const results = await this.#runs.triggerItems(
      wanted.map((item) => ({
        request: {
          environment: batch.environment,
          task: item.task,
          payload: item.payload,
          options: item.options,
        },
        item: {
          batchId: batch.id,
          runId: itemRunId(batch.id, item.index),
          waits: batch.resumeParentOnCompletion,
          parentId: batch.parentId,
        },
      })),
    );
    const placed: { index: number; runId: string }[] = [];
    for (const [position, result] of results.entries()) {
      const index = wanted[position]?.index ?? 0;
      if (!result.ok) return fail(index, `Invalid item at index ${index}: ${result.message}`);
      placed.push({ index, runId: result.run.id });
    }
    return {
      ok: true,
      batch: await this.#storage.addBatchItems(batch.id, placed),
      accepted: fresh.size,
      deduplicated,
    };
  }

  /**
   * Where a batch stands: PENDING until all items are here, then PROCESSING until the last run has ended, then
   * COMPLETED, whatever became of the runs. One whose items stayed away for {@link ABORT_AFTER_MS} is over: ABORTED,
   * or PARTIAL_FAILED when some of its runs exist.
   */
  statusOf(batch: BatchRow): BatchStatus {
    if (batch.sealed) return batch.liveRuns === 0 ? "COMPLETED" : "PROCESSING";
    const over = this.#clock.now().getTime() - batch.createdAt.getTime() > ABORT_AFTER_MS;
    if (!over) return "PENDING";
    return batch.items.size === 0 ? "ABORTED" : "PARTIAL_FAILED";
  }
}

/** Ids of a batch's runs in the order of their items. */
export function runIdsOf(batch: BatchRow): string[] {
  return [...batch.items].sort(([left], [right]) => left - right).map(([, runId]) => runId);
}

function fail(index: number, message: string): AddItemsResult {
  return { ok: false, index, message };
}

/** True for text that can be a batch id; anything else never reaches storage. */
export function isBatchId(text: string): boolean {
  return /^batch_[A-Za-z0-9_-]{1,64}$/.test(text);
}
