import { MetadataValueError } from "../errors.ts";
import { MAX_DEPTH } from "../protocol/limits.ts";
import { assertSafeKey } from "../protocol/metadata-key.ts";
import { simplePath } from "../protocol/simple-path.ts";

/** A `$.` key as the store works with it. */
export interface PathKey {
  /** As it goes on the wire. */
  readonly wire: string;
  /** Its segments, when it is made of plain names and indexes only. */
  readonly segments: readonly string[] | undefined;
}

const known = new Map<string, PathKey>();
const KNOWN_MAX = 1_000;

const UNSAFE_IN_BRACKETS = /\[\s*['"]?\s*(?:__proto__|constructor|prototype)\s*['"]?\s*\]/;

/**
 * Reads a path key: `[0]` becomes `.0`, which is how the wire writes an index.
 * @throws MetadataValueError for more than 64 segments, and for a path through `__proto__`, `constructor` or `prototype`, in any spelling
 */
export function pathKey(key: string): PathKey {
  const found = known.get(key);
  if (found !== undefined) return found;
  refuseUnsafeBrackets(key);
  const wire = key.replace(/\[(\d+)\]/g, ".$1");
  assertSafeKey(wire);
  if (wire.split(".", MAX_DEPTH + 2).length > MAX_DEPTH + 1) {
    throw new MetadataValueError(key.slice(0, 100), `a path may have ${MAX_DEPTH} segments at most`);
  }
  const path: PathKey = { wire, segments: simplePath(wire) };
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, path);
  return path;
}

/** Refuses `$['__proto__']` and its like, which the wire would take for an ordinary key. */
export function refuseUnsafeBrackets(key: string): void {
  if (UNSAFE_IN_BRACKETS.test(key)) {
    throw new MetadataValueError(key, "__proto__, constructor and prototype cannot be part of a path");
  }
}

/** Writes segments as a wire path: `["a", "0", "b"]` is `$.a.0.b`. */
export function wirePath(segments: readonly string[]): string {
  return `$.${segments.join(".")}`;
}
