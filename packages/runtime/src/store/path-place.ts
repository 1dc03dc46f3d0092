import { MetadataValueError } from "../errors.ts";
import { jsonBytes, stringBytes } from "../protocol/byte-size.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import { MAX_ADDED_ITEMS } from "../protocol/limits.ts";
import { readSegment } from "../protocol/simple-path.ts";
import { wirePath } from "./path-key.ts";

type Container = JsonObject | JsonValue[];

const INDEX = /^(?:0|[1-9]\d*)$/;
const NULL_BYTES = 4;

/** The deepest container that exists along a path. */
export interface Place {
  readonly parent: Container;
  /** Index of the segment that is to be written in `parent`. */
  readonly index: number;
}

function isContainer(value: JsonValue | undefined): value is Container {
  return typeof value === "object" && value !== null;
}

/**
 * Walks from the value of the first segment towards the last one, as far as containers exist; undefined when that
 * value is none itself.
 */
export function deepestPlace(root: JsonValue | undefined, segments: readonly string[]): Place | undefined {
  if (!isContainer(root)) return undefined;
  let parent = root;
  let index = 1;
  for (; index < segments.length - 1; index += 1) {
    const next = readSegment(parent, segments[index] as string);
    if (!isContainer(next)) break;
    parent = next;
  }
  return { parent, index };
}

/** What the whole path leads to, once {@link deepestPlace} has walked it. */
export function readLast({ parent, index }: Place, segments: readonly string[]): JsonValue | undefined {
  return index < segments.length - 1 ? undefined : readSegment(parent, segments[index] as string);
}

/** Wraps `value` in the containers that the segments from `from` on name: an index makes a list. */
export function nest(segments: readonly string[], from: number, value: JsonValue): JsonValue {
  let nested = value;
  for (let i = segments.length - 1; i >= from; i -= 1) {
    const segment = segments[i] as string;
    if (INDEX.test(segment)) {
      requireSmallIndex(segments, Number(segment));
      const list: JsonValue[] = new Array(Number(segment)).fill(null);
      list.push(nested);
      nested = list;
    } else {
      nested = { [segment]: nested };
    }
  }
  return nested;
}

/** Bytes that writing `valueBytes` at a place adds to the document; negative when it shrinks. */
export function addedBytes(place: Place, segments: readonly string[], valueBytes: number): number {
  const { parent, index } = place;
  const segment = segments[index] as string;
  const old = readSegment(parent, segment);
  if (old !== undefined) return valueBytes - jsonBytes(old);
  if (!Array.isArray(parent)) {
    return stringBytes(segment) + 1 + valueBytes + (isEmpty(parent) ? 0 : 1);
  }
  if (!INDEX.test(segment)) {
    throw new MetadataValueError(
      wirePath(segments),
      `${wirePath(segments.slice(0, index))} is a list: it has no key "${segment}"`,
    );
  }
  requireSmallIndex(segments, Number(segment) - parent.length);
  const padding = Number(segment) - parent.length;
  const commas = padding + (parent.length > 0 ? 1 : 0);
  return padding * NULL_BYTES + commas + valueBytes;
}

function isEmpty(object: JsonObject): boolean {
  for (const _ in object) return false;
  return true;
}

/** Many nulls for one far index would take memory before their bytes are counted, and no server adds more than these. */
function requireSmallIndex(segments: readonly string[], gap: number): void {
  if (gap > MAX_ADDED_ITEMS) {
    throw new MetadataValueError(wirePath(segments), `an index ${gap} items behind the end of the list`);
  }
}
