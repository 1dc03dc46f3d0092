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
  readonly #documentsOf: (request: UpdateRequest) => readonly string[];
  #waiting: PendingUpdate[] = [];
  #bytes = 0;

  /** @param documentsOf the documents that a request writes to, as far as they are known */
  constructor(bounds: QueueBounds, documentsOf: (request: UpdateRequest) => readonly string[]) {
    this.#bounds = bounds;
    this.#documentsOf = documentsOf;
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

  /**
   * Takes the next group, oldest first, without requests that write to a document in `busy`; empty when there is none.
   * Requests to one run stay in their order and share a place in it.
   */
  takeGroup(busy: ReadonlySet<string>): PendingUpdate[] {
    const { groupUpdates, groupBytes, groupDocuments } = this.#bounds;
    const runs = new Set<string>();
    const passedOver = new Set<string>();
    const group: PendingUpdate[] = [];
    const rest: PendingUpdate[] = [];
    let documents = 0;
    let bytes = 0;
    let full = false;
    const isBusy = ({ request }: PendingUpdate) =>
      busy.size > 0 && this.#documentsOf(request).some((id) => busy.has(id));
    for (const update of this.#waiting) {
      const { runId } = update.request;
      const newBytes = bytes + bodyBytes(update);
      const newDocuments = documents + (runs.has(runId) ? 0 : documentCount(update.request));
      full ||=
        group.length > 0 &&
        (group.length >= groupUpdates || newBytes > groupBytes || newDocuments > groupDocuments);
      if (full || passedOver.has(runId) || isBusy(update)) {
        passedOver.add(runId);
        rest.push(update);
        continue;
      }
      runs.add(runId);
      group.push(update);
      [bytes, documents] = [newBytes, newDocuments];
    }
    this.#waiting = rest;
    this.#bytes -= bytes;
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
