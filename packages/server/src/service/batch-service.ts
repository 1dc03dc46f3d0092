import { isEnded } from "@runmeta/runtime/protocol";
import type { BatchRow, RunRow, Storage } from "../storage/storage.ts";
import { indexableKey } from "./indexable-key.ts";
import { itemRunId, newId } from "./new-id.ts";
import type { RunService } from "./run-service.ts";
import type { TriggerOptions } from "./trigger-request.ts";

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

  constructor(storage: Storage, runs: RunService) {
    this.#storage = storage;
    this.#runs = runs;
  }

  /** Announces a batch. An idempotency key that was used before gives the earlier batch. */
  async create(request: {
    readonly environment: string;
    readonly runCount: number;
    readonly parentId?: string | undefined;
    readonly resumeParentOnCompletion: boolean;
    readonly idempotencyKey?: string | undefined;
  }): Promise<{ batch: BatchRow; isCached: boolean }> {
    const id = newId("batch");
    const key = request.idempotencyKey;
    const idempotencyKey = key === undefined ? undefined : indexableKey(key);
    const batch = await this.#storage.insertBatch({ ...request, id, idempotencyKey });
    return { batch, isCached: batch.id !== id };
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

  /** The runs of a batch in the order of their items. */
  async runsOf(batch: BatchRow): Promise<RunRow[]> {
    const ids = runIdsOf(batch);
    const byId = new Map((await this.#storage.findRuns(batch.environment, ids)).map((run) => [run.id, run]));
    return ids.map((id) => byId.get(id)).filter((run) => run !== undefined);
  }
}

/** Ids of a batch's runs in the order of their items. */
export function runIdsOf(batch: BatchRow): string[] {
  return [...batch.items].sort(([left], [right]) => left - right).map(([, runId]) => runId);
}

/** Where a batch stands: waiting for items, for its runs, or done. */
export function batchStatus(
  batch: BatchRow,
  runs: readonly RunRow[],
): "PENDING" | "PROCESSING" | "COMPLETED" {
  if (!batch.sealed) return "PENDING";
  return runs.every((run) => isEnded(run.status)) ? "COMPLETED" : "PROCESSING";
}

function fail(index: number, message: string): AddItemsResult {
  return { ok: false, index, message };
}

/** True for text that can be a batch id; anything else never reaches storage. */
export function isBatchId(text: string): boolean {
  return /^batch_[A-Za-z0-9_-]{1,64}$/.test(text);
}
