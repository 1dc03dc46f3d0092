import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type { Entry } from "./entry.ts";
import type { QueuedSet } from "./operation-queue.ts";

/** What a {@link ScalarPlace} holds; `null` is none of them, since a path cannot write where the wire has one. */
export type Scalar = string | number | boolean;

/** Whether a value is a scalar that may fit: it is its own copy. A longer text is not looked at. */
export function isScalar(value: unknown, limitBytes: number): value is Scalar {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value === "string" ? value.length <= limitBytes : typeof value === "boolean";
}

/**
 * Where a path of two or more segments leads: to a scalar inside an entry's value, in `container[name]`. A job writes the
 * same few paths again and again, and one that is remembered needs no walk and no new operation.
 *
 * It holds as long as the entry has the same {@link Entry.revision}: writing another scalar to a place moves nothing and
 * commutes with what is queued for other places, everything else counts as a revision.
 */
export class ScalarPlace {
  readonly path: string;
  readonly entry: Entry;
  readonly container: Record<string, JsonValue>;
  readonly name: string;
  /** Bytes of the scalar that is there. */
  bytes: number;
  /** The unsent `set` of this place. */
  queued: QueuedSet | undefined;
  readonly #revision: number;

  constructor(path: string, entry: Entry, container: JsonObject | JsonValue[], name: string, bytes: number) {
    this.path = path;
    this.entry = entry;
    // An index works as a name, too.
    this.container = container as Record<string, JsonValue>;
    this.name = name;
    this.bytes = bytes;
    this.#revision = entry.revision;
  }

  /** Whether the path still leads here. */
  get holds(): boolean {
    return this.#revision === this.entry.revision;
  }
}
