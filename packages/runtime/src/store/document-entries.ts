import { MetadataSizeError } from "../errors.ts";
import { jsonBytes } from "../protocol/byte-size.ts";
import { cloneJson } from "../protocol/clone-json.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import { assertSafeKey } from "../protocol/metadata-key.ts";
import { roomFor } from "../protocol/room-for.ts";
import { deepEqual } from "../protocol/value-operations.ts";
import { Entry } from "./entry.ts";
import type { Scalar, ScalarPlace } from "./scalar-place.ts";

/** `{}` */
const EMPTY_BYTES = 2;

/** A job that makes up paths (`$.items.` + id) must not fill the memory. */
const MAX_PLACES = 1_000;

/**
 * The document by top-level keys, with a running total of its bytes. Every change says how many bytes it adds, and a
 * change that would pass the limit throws before anything is touched.
 */
export class DocumentEntries {
  readonly limitBytes: number;
  #entries = new Map<string, Entry>();
  #bytes = EMPTY_BYTES;
  #present = 0;
  /** By path. Made with the first one, since most runs write no paths. */
  #places: Map<string, ScalarPlace> | undefined;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** UTF-8 bytes of the document as `JSON.stringify` would print it. */
  get bytes(): number {
    return this.#bytes;
  }

  find(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  all(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  /**
   * Replaces the value of a key, which may be new.
   * @throws MetadataSizeError, MetadataValueError for a key that may not be used
   */
  put(key: string, known: Entry | undefined, value: JsonValue, bytes: number): Entry {
    let entry = known;
    if (entry === undefined) {
      assertSafeKey(key);
      entry = new Entry(key, undefined, 0);
    }
    if (entry.value === undefined) {
      const added = entry.keyBytes + bytes + (this.#present > 0 ? 1 : 0);
      this.#reserve(added, key);
      this.#present += 1;
      if (known === undefined) this.#entries.set(key, entry);
    } else {
      this.#reserve(bytes - entry.bytes, key);
    }
    entry.value = value;
    entry.bytes = bytes;
    entry.revision += 1;
    return entry;
  }

  /** Makes room for a change inside the value of an entry; the caller changes it afterwards. */
  grow(entry: Entry, addedBytes: number): void {
    this.#reserve(addedBytes, entry.key);
    entry.bytes += addedBytes;
    entry.revision += 1;
  }

  /** The place that {@link remember} was given for a path, if the path still leads there. */
  place(path: string): ScalarPlace | undefined {
    const place = this.#places?.get(path);
    return place?.holds === true ? place : undefined;
  }

  remember(place: ScalarPlace): void {
    this.#places ??= new Map();
    if (this.#places.size >= MAX_PLACES) this.#places.clear();
    this.#places.set(place.path, place);
  }

  /** Puts another scalar into a place, and says how many bytes that adds. */
  assign(place: ScalarPlace, value: Scalar, bytes: number): number {
    const { entry } = place;
    const addedBytes = bytes - place.bytes;
    this.#reserve(addedBytes, entry.key);
    entry.bytes += addedBytes;
    place.container[place.name] = value;
    place.bytes = bytes;
    return addedBytes;
  }

  /** Makes a key absent; its entry stays until {@link forget}, for the deletion is still to be sent. */
  clear(entry: Entry): void {
    if (entry.value === undefined) return;
    this.#present -= 1;
    this.#bytes -= entry.keyBytes + entry.bytes + (this.#present > 0 ? 1 : 0);
    entry.value = undefined;
    entry.bytes = 0;
    entry.revision += 1;
  }

  /** An entry that is absent, to record the deletion of a key that this process does not know. */
  absent(key: string): Entry {
    assertSafeKey(key);
    const entry = new Entry(key, undefined, 0);
    this.#entries.set(key, entry);
    return entry;
  }

  forget(entry: Entry): void {
    if (entry.value === undefined) this.#entries.delete(entry.key);
  }

  /**
   * Replaces everything, or throws and changes nothing; `document` is copied. Ignores the limits: what the endpoint
   * stores is a fact.
   * @throws RangeError for a document nested many thousand levels deep
   */
  load(document: JsonObject): void {
    const entries = new Map<string, Entry>();
    let bytes = EMPTY_BYTES;
    for (const key of Object.keys(document)) {
      const value = document[key];
      // Only an endpoint that checks nothing has such a key; assigning it would change a prototype.
      if (value === undefined || key === "__proto__") continue;
      const entry = new Entry(key, cloneJson(value), jsonBytes(value));
      bytes += entry.keyBytes + entry.bytes + (entries.size > 0 ? 1 : 0);
      entries.set(key, entry);
    }
    this.#entries = entries;
    this.#bytes = bytes;
    this.#present = entries.size;
    this.#places = undefined;
  }

  /** Whether this is the very document. */
  equal(document: JsonObject): boolean {
    const keys = Object.keys(document);
    if (keys.length !== this.#present) return false;
    for (const key of keys) {
      const value = this.#entries.get(key)?.value;
      if (value === undefined || !deepEqual(value, document[key] as JsonValue)) return false;
    }
    return true;
  }

  /** Sets a key without regard to the limit. */
  restore(key: string, value: JsonValue | undefined, bytes: number): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = new Entry(key, undefined, 0);
      this.#entries.set(key, entry);
    }
    this.clear(entry);
    if (value === undefined) return entry;
    this.#bytes += entry.keyBytes + bytes + (this.#present > 0 ? 1 : 0);
    this.#present += 1;
    entry.value = value;
    entry.bytes = bytes;
    entry.revision += 1;
    return entry;
  }

  /** The document, sharing its values: for reading at once, never to be kept or handed out. */
  view(): JsonObject {
    const document = roomFor(this.#present);
    for (const entry of this.#entries.values()) {
      if (entry.value !== undefined) document[entry.key] = entry.value;
    }
    return document;
  }

  /** A copy of the document that the caller may change. */
  copy(): JsonObject {
    const document = roomFor(this.#present);
    for (const { key, value } of this.#entries.values()) {
      // Most values are no objects, and a call for each would double the time.
      if (typeof value === "object") document[key] = cloneJson(value);
      else if (value !== undefined) document[key] = value;
    }
    return document;
  }

  #reserve(addedBytes: number, key: string): void {
    const bytes = this.#bytes + addedBytes;
    // A change that shrinks a document which is too large already (the limit was lowered) is a step in the right direction.
    if (addedBytes > 0 && bytes > this.limitBytes) throw new MetadataSizeError(bytes, this.limitBytes, key);
    this.#bytes = bytes;
  }
}
