import { jsonBytes } from "../protocol/byte-size.ts";
import { cloneJson } from "../protocol/clone-json.ts";
import { collapseOperations, type PendingOperation } from "../protocol/collapse-operations.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type { Operation } from "../protocol/operation.ts";
import { rootOf } from "../protocol/simple-path.ts";
import type { Entry } from "./entry.ts";
import type { Ledger } from "./ledger.ts";
import { ENVELOPE_BYTES, OperationQueue } from "./operation-queue.ts";
import type { Scalar, ScalarPlace } from "./scalar-place.ts";

/** What one cut of the outbox holds; each operation with the number of calls it stands for. */
export interface OutboxCut {
  readonly own: readonly PendingOperation[];
  readonly parent: readonly PendingOperation[];
  readonly root: readonly PendingOperation[];
  /** With this cut, every call up to this one (counted from 1) has been cut. Undefined when some were left for the next. */
  readonly upTo: number | undefined;
  /** Entries whose change is in the cut. */
  readonly sent: readonly Entry[];
}

/** Who sends what the outbox holds. */
export interface OutboxListener {
  /** Called at the first write after a cut, not at the others. */
  outboxDirty(): void;
}

/** Who can make queued operations smaller. */
export interface OutboxFolder {
  /** Called when the queued operations pass their cap. */
  foldOutbox(): void;
}

export interface OutboxOptions {
  readonly ledger: Ledger;
  /** Bytes of queued operations at which the outbox is full. */
  readonly maxPendingBytes: number;
  /** The target takes whole documents only. */
  readonly replaceOnly: boolean;
}

/**
 * What was accepted and not cut into a batch yet.
 *
 * Most writes leave no operation behind: a key that was `set` is only marked, and its value is read from the document
 * when the batch is cut, so that a thousand writes of one key cost a thousand assignments and one operation. Only
 * changes relative to what the endpoint holds (`increment`, `append`, `remove`, paths) are queued, a queue a key, since
 * operations on different keys never depend on each other. A path with wildcards depends on everything before it:
 * what was there then is sealed, and goes first.
 */
export class Outbox {
  readonly ledger: Ledger;
  readonly #maxPendingBytes: number;
  readonly #replaceOnly: boolean;
  #changed: Entry[] = [];
  #sealed: PendingOperation[] = [];
  #sealedBytes = 0;
  #queuedBytes = 0;
  /** The whole document goes out, and stands for this many calls. */
  #document = false;
  #documentCount = 0;
  #parent: OperationQueue | undefined;
  #root: OperationQueue | undefined;
  #dirty = false;
  #closed = false;
  #listener: OutboxListener | undefined;
  #folder: OutboxFolder | undefined;

  constructor(options: OutboxOptions) {
    this.ledger = options.ledger;
    this.#maxPendingBytes = options.maxPendingBytes;
    this.#replaceOnly = options.replaceOnly;
  }

  sentBy(listener: OutboxListener): void {
    this.#listener = listener;
  }

  foldedBy(folder: OutboxFolder): void {
    this.#folder = folder;
  }

  /** Something was written since the last cut. */
  get dirty(): boolean {
    return this.#dirty;
  }

  /** Something is waiting to be cut: written, or put back after a refusal. */
  get hasContent(): boolean {
    return (
      this.#document ||
      this.#changed.length > 0 ||
      this.#sealed.length > 0 ||
      this.#parent !== undefined ||
      this.#root !== undefined
    );
  }

  /** The next batch replaces the whole document. */
  get replacesDocument(): boolean {
    return this.#document;
  }

  /** Bytes that wait here, estimated. */
  get bytes(): number {
    let bytes = this.#queuedBytes + this.#sealedBytes + (this.#parent?.bytes ?? 0) + (this.#root?.bytes ?? 0);
    for (const entry of this.#changed)
      if (entry.whole) bytes += entry.keyBytes + entry.bytes + ENVELOPE_BYTES;
    return bytes;
  }

  /** No more writes are accepted. */
  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
  }

  /** True, and counted as lost, when the run has closed. */
  refuses(key: string, target: "self" | "parent" | "root" = "self"): boolean {
    if (!this.#closed) return false;
    this.ledger.accepted += 1;
    this.ledger.drop({ reason: "closed", count: 1, keys: [key], target });
    return true;
  }

  /** A key was set or deleted. */
  changedWhole(entry: Entry): void {
    if (this.#absorbedByDocument()) return;
    if (!entry.changed) this.#addChanged(entry);
    if (entry.operations !== undefined) this.#queuedBytes -= entry.operations.bytes;
    entry.markWhole();
    this.#accept();
  }

  /** True, and counted, when the entry's change goes out as a whole anyway. */
  absorbs(entry: Entry): boolean {
    if (this.#absorbedByDocument()) return true;
    if (!entry.whole) return false;
    entry.wholeCount += 1;
    this.#accept();
    return true;
  }

  /** A key was changed relative to what the endpoint holds. Only after {@link absorbs} said no. */
  changedBy(entry: Entry, operation: Operation, valueBytes: number): void {
    const queue = this.#queueOf(entry);
    const before = queue.bytes;
    entry.revision += 1;
    queue.push(operation, valueBytes);
    this.#queued(queue.bytes - before);
  }

  /** The last item of `list` was appended to it. */
  appended(entry: Entry, key: string, list: readonly JsonValue[], valueBytes: number): void {
    if (!this.absorbs(entry)) this.#queued(this.#queueOf(entry).append(key, list, valueBytes));
  }

  /** A place was given another scalar, `addedBytes` longer than the one before. */
  changedPlace(place: ScalarPlace, value: Scalar, addedBytes: number): void {
    if (this.absorbs(place.entry)) return;
    const queue = this.#queueOf(place.entry);
    const before = queue.bytes;
    if (place.queued === undefined) place.queued = queue.pushSet(place.path, value, place.bytes);
    else queue.updateSet(place.queued, value, addedBytes);
    this.#queued(queue.bytes - before);
  }

  #queueOf(entry: Entry): OperationQueue {
    if (!entry.changed) this.#addChanged(entry);
    return (entry.operations ??= new OperationQueue());
  }

  #queued(addedBytes: number): void {
    this.#queuedBytes += addedBytes;
    this.#accept();
    if (this.#queuedBytes + this.#sealedBytes > this.#maxPendingBytes) this.#folder?.foldOutbox();
  }

  /** The whole document was replaced; everything waiting is part of that now. */
  changedDocument(accepted = 1): void {
    let count = accepted;
    for (const item of this.#sealed) count += item.count;
    for (const entry of this.#changed) {
      entry.absorbOperations();
      count += entry.wholeCount;
      entry.markSent();
    }
    this.#sealed = [];
    this.#sealedBytes = 0;
    this.#queuedBytes = 0;
    this.#changed = [];
    this.#document = true;
    this.#documentCount += count;
    this.#accept(accepted);
  }

  /** A path that may touch several keys: everything that waits goes before it, in a fixed form. */
  seal(operation: Operation): void {
    if (this.#absorbedByDocument()) return;
    this.#seal([...this.#takeEntries(), { operation, count: 1 }]);
    this.#accept();
  }

  /** Writes to the parent's or root's document; dropped by name when there is no room. */
  changedRemote(target: "parent" | "root", operation: Operation, valueBytes: number): void {
    const queue =
      target === "parent" ? (this.#parent ??= new OperationQueue()) : (this.#root ??= new OperationQueue());
    this.#accept();
    if (operation.type === "increment" && queue.addStep(operation.key, operation.value)) return;
    const waiting =
      this.#queuedBytes + this.#sealedBytes + (this.#parent?.bytes ?? 0) + (this.#root?.bytes ?? 0);
    if (waiting + valueBytes + ENVELOPE_BYTES <= this.#maxPendingBytes)
      return queue.push(operation, valueBytes);
    const keys = [operation.type === "update" ? "" : operation.key];
    this.ledger.drop({ reason: "overflow", count: 1, keys, target });
  }

  /** Operations that wait in a fixed form, ahead of the entries' changes. */
  sealedOperations(): Operation[] {
    return this.#sealed.map((item) => item.operation);
  }

  changedEntries(): readonly Entry[] {
    return this.#changed;
  }

  /** Carries the unsent changes over to entries of a reloaded document. */
  moveTo(unsent: readonly Entry[], reapply: (entry: Entry) => Entry): void {
    this.#changed = unsent.map((entry) => {
      const next = reapply(entry);
      if (next !== entry) next.takeChange(entry);
      return next;
    });
  }

  /** Gives up the sealed operations for folding: the keys they touch, or "unknown". Their calls count for the first of them. */
  unseal(): readonly string[] | "unknown" {
    const roots = new Set<string>();
    for (const { operation } of this.#sealed) {
      const root =
        operation.type === "update"
          ? undefined
          : operation.type === "delete"
            ? operation.key
            : rootOf(operation.key);
      if (root === undefined) return "unknown";
      roots.add(root);
    }
    for (const { count } of this.#sealed) this.#unsealedCount += count;
    this.#sealed = [];
    this.#sealedBytes = 0;
    return [...roots];
  }

  #unsealedCount = 0;

  /** Turns an entry's queued operations into one `set` of its value. */
  foldEntry(entry: Entry): void {
    if (!entry.changed) this.#addChanged(entry);
    this.#queuedBytes -= entry.operations?.bytes ?? 0;
    entry.absorbOperations();
    entry.wholeCount += this.#unsealedCount;
    this.#unsealedCount = 0;
  }

  /** Puts refused operations back in front, to be merged with what comes; they do not make the outbox dirty. */
  putBack(cut: Pick<OutboxCut, "own" | "parent" | "root">): void {
    if (this.#document || this.#replaceOnly) {
      for (const item of cut.own) this.#documentCount += item.count;
      this.#document ||= cut.own.length > 0;
    } else {
      this.#sealed = [...cut.own, ...this.#sealed];
      this.#sealedBytes = sizeOf(this.#sealed);
    }
    this.#parent = inFront(cut.parent, this.#parent);
    this.#root = inFront(cut.root, this.#root);
  }

  /** Takes everything that waits, or as much as about `maxBytes` of it. */
  cut(maxBytes: number, view: () => JsonObject): OutboxCut | undefined {
    if (!this.hasContent) return undefined;
    const complete = this.bytes <= maxBytes;
    const sent = this.#changed;
    let own = this.#takeOwn(view);
    let parent = this.#parent === undefined ? [] : collapseOperations(this.#parent.items());
    let root = this.#root === undefined ? [] : collapseOperations(this.#root.items());
    this.#parent = undefined;
    this.#root = undefined;
    this.#dirty = false;
    if (complete) return { own, parent, root, upTo: this.ledger.accepted, sent };
    const room = { bytes: maxBytes };
    let rest: PendingOperation[];
    [own, rest] = split(own, room);
    this.#seal(
      rest.map(({ operation, count }) => ({
        operation: cloneJson(operation as unknown as JsonValue) as unknown as Operation,
        count,
      })),
    );
    [parent, rest] = split(parent, room);
    this.#parent = inFront(rest, undefined);
    [root, rest] = split(root, room);
    this.#root = inFront(rest, undefined);
    this.#dirty = this.hasContent;
    return { own, parent, root, upTo: this.#dirty ? undefined : this.ledger.accepted, sent };
  }

  #takeOwn(view: () => JsonObject): PendingOperation[] {
    if (this.#document) {
      const count = this.#documentCount;
      this.#document = false;
      this.#documentCount = 0;
      return [{ operation: { type: "update", value: view() }, count }];
    }
    const sealed = this.#sealed;
    this.#sealed = [];
    this.#sealedBytes = 0;
    const open = this.#takeEntries();
    return sealed.length === 0 ? open : collapseOperations([...sealed, ...open]);
  }

  #takeEntries(): PendingOperation[] {
    const taken: PendingOperation[] = [];
    for (const entry of this.#changed) {
      if (entry.whole) {
        const { key, value, wholeCount: count } = entry;
        taken.push({
          operation: value === undefined ? { type: "delete", key } : { type: "set", key, value },
          count,
        });
      } else {
        taken.push(...collapseOperations(entry.operations?.items() ?? []));
      }
      entry.markSent();
    }
    this.#changed = [];
    this.#queuedBytes = 0;
    return taken;
  }

  #addChanged(entry: Entry): void {
    // Pushing to an empty list makes room for 17, and most runs change a few keys.
    if (this.#changed.length === 0) this.#changed = [entry];
    else this.#changed.push(entry);
  }

  #seal(items: readonly PendingOperation[]): void {
    this.#sealed.push(...items);
    this.#sealedBytes += sizeOf(items);
  }

  #absorbedByDocument(): boolean {
    if (!this.#document) {
      if (!this.#replaceOnly) return false;
      this.#document = true;
    }
    this.#documentCount += 1;
    this.#accept();
    return true;
  }

  #accept(calls = 1): void {
    this.ledger.accepted += calls;
    if (this.#dirty) return;
    this.#dirty = true;
    this.#listener?.outboxDirty();
  }
}

function sizeOf(items: readonly PendingOperation[]): number {
  let bytes = 0;
  for (const { operation } of items) bytes += ENVELOPE_BYTES + jsonBytes(operation as unknown as JsonValue);
  return bytes;
}

function inFront(
  items: readonly PendingOperation[],
  queue: OperationQueue | undefined,
): OperationQueue | undefined {
  const all = [...items, ...(queue?.items() ?? [])];
  return all.length === 0 ? undefined : OperationQueue.of(all, sizeOf(all));
}

/** Splits a list where the room ends; an operation larger than all the room goes alone. */
function split(
  items: readonly PendingOperation[],
  room: { bytes: number },
): [PendingOperation[], PendingOperation[]] {
  const full = room.bytes;
  let taken = 0;
  for (const item of items) {
    const bytes = sizeOf([item]);
    if (bytes > room.bytes && (taken > 0 || full !== room.bytes)) break;
    if (room.bytes <= 0) break;
    room.bytes -= bytes;
    taken += 1;
  }
  return [items.slice(0, taken), items.slice(taken)];
}
