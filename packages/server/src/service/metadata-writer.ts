import { setImmediate as nextTurn } from "node:timers/promises";
import { GroupCommitter, retryAfterMs } from "./metadata/group-committer.ts";
import { type DocumentStorage, type HistorySize, remoteIds } from "./metadata/group-rows.ts";
import { Kinship } from "./metadata/kinship.ts";
import { UpdateQueue } from "./metadata/update-queue.ts";
import type { UpdateRequest, UpdateResult } from "./metadata/update-request.ts";

export type {
  DocumentUpdate,
  UpdateRequest,
  UpdateResult,
} from "./metadata/update-request.ts";

/** Options of a `MetadataWriter`. */
export interface MetadataWriterOptions {
  readonly storage: DocumentStorage;
  /** Largest document in UTF-8 bytes of its JSON, itself allowed. */
  readonly maximumSizeBytes: number;
  /** Called after each commit with the ids of the runs whose documents changed; it must not throw. */
  readonly onChange?: ((runIds: string[]) => void) | undefined;
  /** Called after each commit with how long the histories became; it must not throw. */
  readonly onRecorded?: ((sizes: readonly HistorySize[]) => void) | undefined;
  /** Called with each failure of the storage, also when a retry succeeds; it must not throw. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Requests that may wait for their commit; more are answered `unavailable`. Default 10,000. */
  readonly maxPendingUpdates?: number | undefined;
  /** Bytes of request bodies that may wait. Default 64 MB. */
  readonly maxPendingBytes?: number | undefined;
  /** Requests in one statement. Default 500. */
  readonly maxGroupUpdates?: number | undefined;
  /** Groups that are committed at the same time, each on a connection of its own. Default 1. */
  readonly maxGroups?: number | undefined;
  /** Unix time in milliseconds; default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Waits between attempts; default a timer. */
  readonly wait?: ((milliseconds: number) => Promise<void>) | undefined;
}

/** Documents that a group holds in memory, in bytes, if all were at their limit. */
const groupDocumentBytes = 16 * 1024 * 1024;
const groupBodyBytes = 8 * 1024 * 1024;

/**
 * The one place that changes metadata documents on the server. Requests of many runs are committed in groups: while the
 * statement of one group runs, the next one collects, so that the cost of a commit is shared by all who wait for it. A
 * request is answered `updated` only after its commit. Requests to one run are applied in the order of their arrival.
 */
export class MetadataWriter {
  readonly #queue: UpdateQueue;
  readonly #committer: GroupCommitter;
  readonly #maxGroups: number;
  readonly #documentsOf: (request: UpdateRequest) => readonly string[];
  /** Documents of the groups that are under way: no other group may have one of them. */
  readonly #busy = new Set<string>();
  /** Loops that empty the queue; none while there is nothing to do. */
  readonly #work = new Set<Promise<void>>();
  #loops = 0;
  #closed = false;

  constructor(options: MetadataWriterOptions) {
    const { storage, maximumSizeBytes, onChange = ignore, onRecorded = ignore, onError = ignore } = options;
    const kinship = new Kinship();
    this.#maxGroups = options.maxGroups ?? 1;
    this.#documentsOf = (request) => [request.runId, ...remoteIds(request, kinship)];
    const bounds = {
      pendingUpdates: options.maxPendingUpdates ?? 10_000,
      pendingBytes: options.maxPendingBytes ?? 64 * 1024 * 1024,
      groupUpdates: options.maxGroupUpdates ?? 500,
      groupBytes: groupBodyBytes,
      groupDocuments: Math.max(16, Math.floor(groupDocumentBytes / maximumSizeBytes)),
    };
    this.#queue = new UpdateQueue(bounds, this.#documentsOf);
    const { now = Date.now, wait = pause } = options;
    this.#committer = new GroupCommitter({
      storage,
      limitBytes: maximumSizeBytes,
      kinship,
      now,
      wait,
      onChange: (changed) => {
        onChange(changed.map(({ id }) => id));
        onRecorded(changed);
      },
      onError,
    });
  }

  /** Applies one request; resolves after its commit, and never rejects. Answers `unavailable` at once when too much waits. */
  update(request: UpdateRequest): Promise<UpdateResult> {
    return new Promise((settle) => {
      if (this.#closed || !this.#queue.offer({ request, settle })) {
        settle({ status: "unavailable", retryAfterMs });
        return;
      }
      if (this.#loops < this.#maxGroups) this.#begin();
    });
  }

  /** To be told of a run whose history was folded: how long it is must be read again. */
  forget(runId: string): void {
    this.#committer.forget(runId);
  }

  /** Takes no more requests; resolves when those that wait have their answers. Does not close the storage. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#work);
  }

  #begin(): void {
    this.#loops += 1;
    const work = this.#run().finally(() => this.#work.delete(work));
    this.#work.add(work);
  }

  async #run(): Promise<void> {
    for (;;) {
      // Gives sockets and timers their turn, which is also when the next requests come in: an embedded database's
      // promises alone would starve both.
      await nextTurn();
      const group = this.#queue.takeGroup(this.#busy);
      // What still waits belongs to documents of other groups, whose loops will come to it.
      if (group.length === 0) {
        this.#loops -= 1;
        return;
      }
      const documents = new Set(group.flatMap(({ request }) => this.#documentsOf(request)));
      for (const id of documents) this.#busy.add(id);
      await this.#committer.commit(group);
      for (const id of documents) this.#busy.delete(id);
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function ignore(): void {}
