import type { UpdateRequest, UpdateResult } from "./update-request.ts";

/** A request that waits for its answer. */
export interface PendingUpdate {
  readonly request: UpdateRequest;
  /** Answers the request; called once. */
  readonly settle: (result: UpdateResult) => void;
}

/** How much may wait, and how much one group takes. */
export interface QueueBounds {
  /** Requests that may wait; one more is turned away. */
  readonly pendingUpdates: number;
  /** Bytes of bodies that may wait. */
  readonly pendingBytes: number;
  /** Requests in one group. */
  readonly groupUpdates: number;
  /** Bytes of bodies in one group; a single larger one still goes. */
  readonly groupBytes: number;
  /** Documents that one group may read, counting parents and roots; bounds the memory of a group. */
  readonly groupDocuments: number;
}

/** Requests in the order of their arrival, bounded: what cannot wait in memory is turned away and sent again later. */
export class UpdateQueue {
  readonly #bounds: QueueBounds;
  #waiting: PendingUpdate[] = [];
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** False when there is no room. */
  offer(update: PendingUpdate): boolean {
    const bytes = bodyBytes(update);
    if (this.#waiting.length >= this.#bounds.pendingUpdates) return false;
    if (this.#waiting.length > 0 && this.#bytes + bytes > this.#bounds.pendingBytes) return false;
    this.#waiting.push(update);
    this.#bytes += bytes;
    return true;
  }

  /** Takes the next group, oldest first. Requests to one document share a place in it. */
  takeGroup(): PendingUpdate[] {
    const { groupUpdates, groupBytes, groupDocuments } = this.#bounds;
    const runs = new Set<string>();
    let documents = 0;
    let bytes = 0;
    let count = 0;
    for (const update of this.#waiting) {
      if (!runs.has(update.request.runId)) documents += documentCount(update.request);
      bytes += bodyBytes(update);
      if (count > 0 && (count >= groupUpdates || bytes > groupBytes || documents > groupDocuments)) break;
      runs.add(update.request.runId);
      count += 1;
    }
    const group = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    for (const update of group) this.#bytes -= bodyBytes(update);
    return group;
  }
}

function bodyBytes(update: PendingUpdate): number {
  return update.request.bodyBytes ?? 0;
}

function documentCount({ update }: UpdateRequest): number {
  const parent = update.parentOperations?.length ? 1 : 0;
  const root = update.rootOperations?.length ? 1 : 0;
  return 1 + parent + root;
}
