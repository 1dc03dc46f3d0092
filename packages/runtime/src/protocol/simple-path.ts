import { MetadataSizeError } from "../errors.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { MAX_ADDED_ITEMS } from "./limits.ts";
import { isPathKey, isSafeKey } from "./metadata-key.ts";

/** Jobs use a handful of paths; a job that makes them up (`$.items.` + id) must not fill the memory. */
const maximumCached = 1000;
const cached = new Map<string, readonly string[] | undefined>();

/**
 * The segments of a `$.` path that is made only of plain names and `.0` indexes, exactly as `@jsonhero/path` reads
 * them; undefined for everything else, which goes to that library: wildcards, slices, brackets, escapes, empty
 * segments, and `length`, which has a meaning of its own on arrays. Undefined also for a key that is no path and for
 * one that is refused. Cost: one map look-up for a path seen before.
 */
export function simplePath(key: string): readonly string[] | undefined {
  if (!isPathKey(key)) return undefined;
  const known = cached.get(key);
  if (known !== undefined || cached.has(key)) return known;
  const segments = parse(key);
  if (cached.size >= maximumCached) cached.clear();
  cached.set(key, segments);
  return segments;
}

/**
 * The one top-level name that an operation with this key can touch: a literal key itself, a simple path's first
 * segment. Undefined when it may touch several. Not for `delete`, which takes every key literally.
 */
export function rootOf(key: string): string | undefined {
  return isPathKey(key) ? simplePath(key)?.[0] : key;
}

/**
 * The object or list that holds the last segment, or undefined when a write there changes nothing: a parent is missing
 * or no container, the present value is `null` (the library takes that for "not there"), or the segment is no index
 * of the list.
 */
export function parentOf(
  container: JsonObject,
  segments: readonly string[],
): JsonObject | JsonValue[] | undefined {
  const last = segments.length - 1;
  let parent: JsonObject | JsonValue[] = container;
  for (let index = 0; index < last; index++) {
    const next = readSegment(parent, segments[index] ?? "");
    if (typeof next !== "object" || next === null) return undefined;
    parent = next;
  }
  const segment = segments[last] ?? "";
  if (Array.isArray(parent) && arrayIndex(segment) < 0) return undefined;
  return readSegment(parent, segment) === null ? undefined : parent;
}

/** The value under one segment, or undefined; inherited members and non-index names of a list are not there. */
export function readSegment(parent: JsonObject | JsonValue[], segment: string): JsonValue | undefined {
  if (Array.isArray(parent)) {
    const index = arrayIndex(segment);
    return index < 0 ? undefined : parent[index];
  }
  return Object.hasOwn(parent, segment) ? parent[segment] : undefined;
}

/**
 * Assigns under one segment. An index past a list's end fills the gap with `null`; a name that is no index leaves a
 * list as it is.
 *
 * @throws MetadataSizeError when the gap is larger than {@link MAX_ADDED_ITEMS}; nothing is changed then
 */
export function assignSegment(parent: JsonObject | JsonValue[], segment: string, value: JsonValue): void {
  if (!Array.isArray(parent)) {
    parent[segment] = value;
    return;
  }
  const index = arrayIndex(segment);
  if (index < 0) return;
  const gap = gapBefore(parent, segment);
  // Each null takes five bytes with its comma.
  if (gap > MAX_ADDED_ITEMS) throw new MetadataSizeError(5 * gap, 5 * MAX_ADDED_ITEMS, `$.\u2026.${segment}`);
  while (parent.length < index) parent.push(null);
  parent[index] = value;
}

/** How many `null`s {@link assignSegment} would put in front of the value; 0 for objects. Each adds 5 bytes of JSON. */
export function gapBefore(parent: JsonObject | JsonValue[], segment: string): number {
  return Array.isArray(parent) ? Math.max(0, arrayIndex(segment) - parent.length) : 0;
}

function parse(key: string): readonly string[] | undefined {
  if (!isSafeKey(key)) return undefined;
  const segments = key.slice(2).split(".");
  return segments.every(isPlain) ? Object.freeze(segments) : undefined;
}

function isPlain(segment: string): boolean {
  return segment !== "" && segment !== "length" && !/^\$$|[*[\]\\]|~1/.test(segment);
}

/** The segment as an array index, or -1: only the canonical form counts, `01` and `-1` are names. */
function arrayIndex(segment: string): number {
  const first = segment.charCodeAt(0);
  if (!(first >= 48 && first <= 57)) return -1;
  const index = Number(segment);
  return Number.isInteger(index) && index < 4_294_967_295 && String(index) === segment ? index : -1;
}
