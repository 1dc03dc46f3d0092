import { MetadataSizeError, MetadataValueError } from "../errors.ts";
import { applyOperations } from "../protocol/apply-operation.ts";
import { jsonBytes, numberBytes } from "../protocol/byte-size.ts";
import { cloneJson } from "../protocol/clone-json.ts";
import { copyJson, lastCopyBytes } from "../protocol/copy-json.ts";
import { describeValue } from "../protocol/describe-value.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import { isPathKey } from "../protocol/metadata-key.ts";
import type { Operation } from "../protocol/operation.ts";
import { pathOfKey } from "../protocol/shown-path.ts";
import { assignSegment, readSegment } from "../protocol/simple-path.ts";
import { deepEqual, incrementValue, missingValue } from "../protocol/value-operations.ts";
import { DocumentEntries } from "./document-entries.ts";
import type { Entry } from "./entry.ts";
import type { Outbox, OutboxCut, OutboxFolder } from "./outbox.ts";
import { type PathKey, pathKey, refuseUnsafeBrackets, wirePath } from "./path-key.ts";
import { addedBytes, deepestPlace, nest, type Place, readLast } from "./path-place.ts";
import { isScalar, type Scalar, ScalarPlace } from "./scalar-place.ts";

const DOLLAR = 36;

/**
 * One run's document as the job sees it: the last acknowledged document with every unacknowledged write on top (I6).
 *
 * A write copies its value in one pass, counts the bytes it adds, and either applies whole or throws (I3). What it
 * costs depends on the value alone: nothing here looks at the whole document, except a path with wildcards or slices.
 */
export class MetadataStore implements OutboxFolder {
  readonly outbox: Outbox;
  readonly #entries: DocumentEntries;
  #acknowledged: JsonObject;

  /** @param document what the endpoint holds; taken over, not copied */
  constructor(document: JsonObject, limitBytes: number, outbox: Outbox) {
    this.#entries = new DocumentEntries(limitBytes);
    this.#entries.load(document);
    this.#acknowledged = document;
    this.outbox = outbox;
    outbox.foldedBy(this);
  }

  /** UTF-8 bytes of the document's JSON. */
  get bytes(): number {
    return this.#entries.bytes;
  }

  get limitBytes(): number {
    return this.#entries.limitBytes;
  }

  get(key: string): JsonValue | undefined {
    const value = this.#entries.find(key)?.value;
    if (value !== undefined) return typeof value === "object" ? cloneJson(value) : value;
    return isPathKey(String(key)) ? this.#getPath(key) : undefined;
  }

  current(): JsonObject {
    return this.#entries.copy();
  }

  set(key: string, value: unknown): void {
    const isPath = checkKey(key);
    if (this.outbox.refuses(key)) return;
    if (isPath) return this.#setPath(key, value);
    // What jobs write most: without a line of its own it takes a quarter longer.
    if (typeof value === "number" && Number.isFinite(value))
      return this.#put(key, unsigned(value), numberBytes(value));
    const copy = copyJson(value, key, this.limitBytes);
    if (copy === undefined) return this.del(key);
    this.#put(key, copy, lastCopyBytes());
  }

  del(key: string): void {
    const isPath = checkKey(key);
    if (this.outbox.refuses(key)) return;
    if (isPath) return this.#deletePath(key);
    const entry = this.#entries.find(key) ?? this.#entries.absent(key);
    this.#entries.clear(entry);
    this.outbox.changedWhole(entry);
    if (!entry.changed) this.#entries.forget(entry);
  }

  increment(key: string, by: number): void {
    const isPath = checkKey(key);
    if (typeof by !== "number" || !Number.isFinite(by)) {
      throw new MetadataValueError(
        pathOfKey(key),
        `the step of increment and decrement must be a finite number, got ${describeValue(by)}`,
      );
    }
    if (this.outbox.refuses(key)) return;
    if (isPath) return this.#incrementPath(key, by);
    const known = this.#entries.find(key);
    const value = incrementValue(known?.value, by);
    const entry = this.#entries.put(key, known, value, value === null ? 4 : numberBytes(value));
    if (!this.outbox.absorbs(entry)) {
      this.outbox.changedBy(entry, { type: "increment", key, value: by }, numberBytes(by));
    }
  }

  append(key: string, value: unknown): void {
    const isPath = checkKey(key);
    if (this.outbox.refuses(key)) return;
    const scalar = isScalar(value, this.limitBytes);
    const copy = scalar
      ? unsigned(value)
      : requireValue(copyJson(value, key, this.limitBytes), key, "append");
    const bytes = scalar ? jsonBytes(copy) : lastCopyBytes();
    if (isPath) return this.#appendPath(key, copy, bytes);
    const known = this.#entries.find(key);
    const old = known?.value;
    if (known !== undefined && Array.isArray(old)) return this.#push(known, key, old, copy, bytes);
    const list = old === undefined ? [copy] : [old, copy];
    const entry = this.#entries.put(
      key,
      known,
      list,
      old === undefined ? bytes + 2 : (known?.bytes ?? 0) + bytes + 3,
    );
    // On the wire `append` finds what every object inherits under such a name, and would make `[null, value]`.
    if (old === undefined && missingValue(key) === null) return this.outbox.changedWhole(entry);
    this.outbox.appended(entry, key, list, bytes);
  }

  remove(key: string, value: unknown): void {
    const isPath = checkKey(key);
    if (this.outbox.refuses(key)) return;
    const copy = requireValue(copyJson(value, key, Number.POSITIVE_INFINITY), key, "remove");
    const bytes = lastCopyBytes();
    if (isPath) return this.#removePath(key, copy, bytes);
    const entry = this.#entries.find(key) ?? this.#entries.absent(key);
    if (Array.isArray(entry.value)) this.#removeFrom(entry, entry.value, copy);
    // What another run appended may be there to remove, though this one has not seen it.
    if (!this.outbox.absorbs(entry))
      this.outbox.changedBy(entry, { type: "remove", key, value: copy }, bytes);
    if (!entry.changed) this.#entries.forget(entry);
  }

  /** Replaces the whole document. */
  replace(document: unknown): void {
    if (this.outbox.refuses("")) return;
    const copy = copyJson(document, undefined, this.limitBytes);
    if (typeof copy !== "object" || copy === null || Array.isArray(copy)) {
      throw new MetadataValueError("$", `the document must be an object, got ${describeValue(document)}`);
    }
    this.#entries.load(copy);
    this.outbox.changedDocument();
  }

  /** Takes what is unsent, at most about `maxBytes` of it; undefined when there is nothing. */
  cut(maxBytes: number): OutboxCut | undefined {
    const cut = this.outbox.cut(maxBytes, () => this.#entries.view());
    for (const entry of cut?.sent ?? []) this.#entries.forget(entry);
    return cut;
  }

  /**
   * The endpoint holds `document` now. Unacknowledged operations go on top: `inFront`, those that were cut already, then
   * what the outbox holds.
   * @throws RangeError when the document cannot be worked with; nothing has changed then
   */
  acknowledge(document: JsonObject, inFront: readonly Operation[]): void {
    this.#rebaseOn(document, inFront);
    this.#acknowledged = document;
  }

  /** The endpoint applied `operations`, but did not tell what its document looks like. */
  acknowledgeBlindly(operations: readonly Operation[], inFront: readonly Operation[]): void {
    this.acknowledge(applyOperations(cloneJson(this.#acknowledged), operations).document, inFront);
  }

  /** The document with nothing but acknowledged writes. */
  acknowledged(): JsonObject {
    return this.#acknowledged;
  }

  /** Rebuilds the document from the acknowledged one, for example after an operation was dropped. */
  rebase(inFront: readonly Operation[]): void {
    this.#rebaseOn(this.#acknowledged, inFront);
  }

  #rebaseOn(acknowledged: JsonObject, inFront: readonly Operation[]): void {
    if (this.outbox.replacesDocument) return;
    const ahead = [...inFront, ...this.outbox.sealedOperations()];
    const unsent = this.outbox.changedEntries();
    // As a rule nobody else wrote: then nothing has to be loaded.
    if (ahead.length === 0 && unsent.length === 0 && this.#entries.equal(acknowledged)) return;
    this.#entries.load(
      ahead.length === 0 ? acknowledged : applyOperations(cloneJson(acknowledged), ahead).document,
    );
    this.outbox.moveTo(unsent, (entry) => this.#reapply(entry));
  }

  /** Puts an entry's unsent change on top of the document as loaded. */
  #reapply(unsent: Entry): Entry {
    if (unsent.whole) return this.#entries.restore(unsent.key, unsent.value, unsent.bytes);
    const base = this.#entries.find(unsent.key)?.value;
    const holder: JsonObject = base === undefined ? {} : { [unsent.key]: base };
    const operations = (unsent.operations?.items() ?? []).map((item) => item.operation);
    const value = readSegment(applyOperations(holder, operations).document, unsent.key);
    return this.#entries.restore(unsent.key, value, value === undefined ? 0 : jsonBytes(value));
  }

  #put(key: string, value: JsonValue, bytes: number): void {
    const entry = this.#entries.put(key, this.#entries.find(key), value, bytes);
    this.outbox.changedWhole(entry);
  }

  #push(entry: Entry, key: string, list: JsonValue[], value: JsonValue, bytes: number): void {
    this.#entries.grow(entry, bytes + (list.length > 0 ? 1 : 0));
    list.push(value);
    this.outbox.appended(entry, key, list, bytes);
  }

  #removeFrom(entry: Entry, list: JsonValue[], value: JsonValue): void {
    entry.operations?.settle();
    let kept = 0;
    let freed = 0;
    for (const item of list) {
      if (deepEqual(item, value)) freed += jsonBytes(item) + 1;
      else list[kept++] = item;
    }
    if (freed === 0) return;
    list.length = kept;
    this.#entries.grow(entry, -(kept === 0 ? freed - 1 : freed));
  }

  // --- paths: the facade's convenience, translated here, before an operation exists -------------------------------

  #getPath(key: string): JsonValue | undefined {
    const { segments } = pathKey(key);
    if (segments === undefined) return undefined;
    const root = this.#entries.find(segments[0] as string)?.value;
    if (segments.length === 1) return root === undefined ? undefined : cloneJson(root);
    const place = deepestPlace(root, segments);
    if (place === undefined || place.index < segments.length - 1) return undefined;
    const value = readSegment(place.parent, segments[place.index] as string);
    return value === undefined ? undefined : cloneJson(value);
  }

  /** Looks for a scalar that a path of two or more segments leads to, and remembers it. */
  #findPlace(key: string): ScalarPlace | undefined {
    const { wire, segments } = pathKey(key);
    if (segments === undefined || segments.length === 1) return undefined;
    const known = this.#entries.place(wire);
    if (known !== undefined) return known;
    const place = this.#place(segments);
    const value = place === undefined ? undefined : readLast(place, segments);
    if (place === undefined || value === undefined || !isScalar(value, Number.POSITIVE_INFINITY))
      return undefined;
    const entry = this.#entries.find(segments[0] as string) as Entry;
    const found = new ScalarPlace(wire, entry, place.parent, segments.at(-1) as string, jsonBytes(value));
    this.#entries.remember(found);
    return found;
  }

  #writePlace(place: ScalarPlace, value: Scalar): void {
    const addedBytes = this.#entries.assign(place, value, jsonBytes(value));
    this.outbox.changedPlace(place, value, addedBytes);
  }

  #setPath(key: string, value: unknown): void {
    if (isScalar(value, this.limitBytes)) {
      const place = this.#entries.place(key) ?? this.#findPlace(key);
      if (place !== undefined) return this.#writePlace(place, unsigned(value));
    }
    const path = pathKey(key);
    const copy = copyJson(value, key, this.limitBytes);
    if (copy === undefined) return this.#deletePath(key);
    if (path.segments === undefined)
      return this.#applyByLibrary({ type: "set", key: path.wire, value: copy });
    this.#writePath(path, path.segments, copy);
  }

  #incrementPath(key: string, by: number): void {
    const path = pathKey(key);
    if (path.segments === undefined)
      return this.#applyByLibrary({ type: "increment", key: path.wire, value: by });
    const segments = path.segments;
    if (segments.length === 1) return this.increment(segments[0] as string, by);
    const place = this.#place(segments);
    if (place === undefined || place.index < segments.length - 1) return this.#writePath(path, segments, by);
    const segment = segments[place.index] as string;
    const value = incrementValue(readSegment(place.parent, segment), by);
    this.#assign(segments, place, value, value === null ? 4 : numberBytes(value), {
      type: "increment",
      key: path.wire,
      value: by,
    });
  }

  #appendPath(key: string, value: JsonValue, bytes: number): void {
    const path = pathKey(key);
    if (path.segments === undefined) return this.#applyByLibrary({ type: "append", key: path.wire, value });
    const segments = path.segments;
    if (segments.length === 1) return this.append(segments[0] as string, value);
    const place = this.#place(segments);
    const old = place === undefined ? undefined : readLast(place, segments);
    // The wire's own append would leave a `null` as it is; a literal key makes it a list, and so does this.
    if (place === undefined || !Array.isArray(old)) {
      return this.#writePath(path, segments, old === undefined ? [value] : [old, value]);
    }
    const entry = this.#entries.find(segments[0] as string) as Entry;
    this.#push(entry, path.wire, old, value, bytes);
  }

  #removePath(key: string, value: JsonValue, bytes: number): void {
    const path = pathKey(key);
    if (path.segments === undefined) return this.#applyByLibrary({ type: "remove", key: path.wire, value });
    const segments = path.segments;
    if (segments.length === 1) return this.remove(segments[0] as string, value);
    const place = this.#place(segments);
    if (place === undefined || place.index < segments.length - 1) return;
    const list = readSegment(place.parent, segments[place.index] as string);
    if (!Array.isArray(list)) return;
    const entry = this.#entries.find(segments[0] as string) as Entry;
    this.#removeFrom(entry, list, value);
    this.#changed(entry, { type: "remove", key: path.wire, value }, bytes);
  }

  #deletePath(key: string): void {
    const { segments } = pathKey(key);
    if (segments === undefined) {
      throw new MetadataValueError(
        key,
        "del takes a path of plain names and indexes, without wildcards or slices",
      );
    }
    if (segments.length === 1) return this.del(segments[0] as string);
    const place = this.#place(segments);
    const last = segments.at(-1) as string;
    if (
      place === undefined ||
      place.index < segments.length - 1 ||
      readSegment(place.parent, last) === undefined
    )
      return;
    // The wire deletes top-level keys only, so the parent is sent without it.
    const parent = segments.slice(0, -1);
    const without = cloneJson(place.parent as JsonValue);
    if (Array.isArray(without)) without.splice(Number(last), 1);
    else delete (without as JsonObject)[last];
    this.#writePath({ wire: wirePath(parent), segments: parent }, parent, without);
  }

  /** Sets a path; where a parent is missing, the nearest one that is takes the rest as its value. */
  #writePath(path: PathKey, segments: readonly string[], value: JsonValue): void {
    const root = segments[0] as string;
    if (segments.length === 1) return this.#put(root, value, jsonBytes(value));
    const place = this.#place(segments);
    if (place === undefined) {
      const nested = nest(segments, 1, value);
      return this.#put(root, nested, jsonBytes(nested));
    }
    const exact = place.index === segments.length - 1;
    const nested = exact ? value : nest(segments, place.index + 1, value);
    this.#assign(segments, place, nested, jsonBytes(nested), {
      type: "set",
      key: exact ? path.wire : wirePath(segments.slice(0, place.index + 1)),
      value: nested,
    });
  }

  #assign(
    segments: readonly string[],
    place: Place,
    value: JsonValue,
    bytes: number,
    operation: Operation,
  ): void {
    const entry = this.#entries.find(segments[0] as string) as Entry;
    const segment = segments[place.index] as string;
    const hidden = readSegment(place.parent, segment) === null;
    this.#entries.grow(entry, addedBytes(place, segments, bytes));
    assignSegment(place.parent, segment, value);
    if (!hidden) {
      return this.#changed(
        entry,
        operation,
        operation.type === "increment" ? numberBytes(operation.value) : bytes,
      );
    }
    // On the wire a `null` counts as "not there" and cannot be written to, so its container is sent instead.
    if (place.index === 1) return this.outbox.changedWhole(entry);
    const container = cloneJson(place.parent as JsonValue);
    const key = wirePath(segments.slice(0, place.index));
    this.#changed(entry, { type: "set", key, value: container }, jsonBytes(container));
  }

  #changed(entry: Entry, operation: Operation, valueBytes: number): void {
    if (this.outbox.absorbs(entry)) return;
    // The document goes on changing its value; what is queued must not.
    const queued = "value" in operation ? { ...operation, value: cloneJson(operation.value) } : operation;
    this.outbox.changedBy(entry, queued as Operation, valueBytes);
  }

  /** Where a path leads in the document, to change what is there. */
  #place(segments: readonly string[]): Place | undefined {
    const entry = this.#entries.find(segments[0] as string);
    entry?.operations?.settle();
    return deepestPlace(entry?.value, segments);
  }

  /** The outbox is full: what this run wrote to its own document shrinks to one `set` a key. */
  foldOutbox(): void {
    const roots = this.outbox.unseal();
    if (roots === "unknown") return this.outbox.changedDocument(0);
    for (const key of roots) this.outbox.foldEntry(this.#entries.find(key) ?? this.#entries.absent(key));
    for (const entry of this.outbox.changedEntries()) this.outbox.foldEntry(entry);
  }

  /** A path with wildcards, slices or escapes: the library's work, on a copy of the whole document. */
  #applyByLibrary(operation: Operation): void {
    const { document } = applyOperations(this.#entries.copy(), [operation]);
    const bytes = jsonBytes(document);
    if (bytes > this.limitBytes && bytes > this.bytes) {
      throw new MetadataSizeError(
        bytes,
        this.limitBytes,
        operation.type === "update" ? undefined : operation.key,
      );
    }
    this.outbox.seal(operation);
    this.#entries.load(document);
  }
}

/** JSON prints -0 as 0. */
function unsigned<T extends Scalar>(value: T): T | 0 {
  return value === 0 ? 0 : value;
}

/**
 * Whether a key is a path, which is looked at further where its text is first read.
 * @throws MetadataValueError for what is no string, and for `$['__proto__']` and its like
 */
function checkKey(key: unknown): boolean {
  if (typeof key !== "string") {
    throw new MetadataValueError("$", `a key must be a string, got ${describeValue(key)}`);
  }
  if (key.charCodeAt(0) !== DOLLAR) return false;
  if (isPathKey(key)) return true;
  refuseUnsafeBrackets(key);
  return false;
}

function requireValue(copy: JsonValue | undefined, key: string, call: string): JsonValue {
  if (copy === undefined)
    throw new MetadataValueError(pathOfKey(key), `${call} needs a value, got undefined`);
  return copy;
}
