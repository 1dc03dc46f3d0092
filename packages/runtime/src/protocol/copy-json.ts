import { MetadataSizeError, MetadataValueError } from "../errors.ts";
import { numberBytes, stringBytes } from "./byte-size.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { MAX_DEPTH } from "./limits.ts";
import { hintFor, isPlainObject, unboxed } from "./plain-object.ts";
import { pathOfKey, pathStep } from "./shown-path.ts";

/*
 * State of the copy under way. It lives in the module, not in an object or a closure, because the write path must not
 * allocate anything but the copy itself: a small `set` takes less time than making such an object.
 */
let copying = false;
let bytes = 0;
let limit = 0;
let rootKey: string | undefined;
/** Containers that have been entered; `ancestors[level - 1]` is the innermost, `trail[level - 1]` the name read in it. */
let level = 0;
let ancestors: unknown[] = [];
let trail: (string | number | undefined)[] = [];
/** The error that this module threw itself, to tell it from one thrown by a getter, a `toJSON` or a proxy. */
let refusal: Error | undefined;
let lastBytes = 0;

/**
 * Checks a value, copies it as JSON, and counts the UTF-8 bytes that `JSON.stringify` would print for it
 * ({@link lastCopyBytes}): one pass over the value. The meaning is that of `JSON.stringify` (`toJSON`, `NaN` as `null`,
 * undefined members left out, holes as `null`), but what it would lose in silence is refused: functions, symbols, bigints,
 * and instances of classes without `toJSON`.
 *
 * @param value anything
 * @param key the metadata key it is written to, for messages and `toJSON`; undefined for a whole document
 * @param limitBytes copying stops as soon as the count exceeds it, however large the value is
 * @returns the copy; undefined when the value or its `toJSON` gives undefined, which means "remove the key"
 * @throws MetadataValueError with the path of what cannot be kept; an error thrown while reading is its `cause`
 * @throws MetadataSizeError when the count exceeds `limitBytes`
 */
export function copyJson(value: unknown, key: string | undefined, limitBytes: number): JsonValue | undefined {
  if (copying) return copyNested(value, key, limitBytes);
  copying = true;
  try {
    return copyRoot(value, key, limitBytes);
  } finally {
    copying = false;
  }
}

/**
 * Bytes counted by the last {@link copyJson} that returned; 0 when it returned undefined. A second result by way of
 * the module, since an object with both would be an allocation on every write. Read it right after the call.
 */
export function lastCopyBytes(): number {
  return lastBytes;
}

/** A getter or `toJSON` of the value under way wrote metadata itself: that copy gets a state of its own. */
function copyNested(value: unknown, key: string | undefined, limitBytes: number): JsonValue | undefined {
  const outer = { bytes, limit, rootKey, level, ancestors, trail };
  ancestors = [];
  trail = [];
  try {
    return copyRoot(value, key, limitBytes);
  } finally {
    ({ bytes, limit, rootKey, level, ancestors, trail } = outer);
  }
}

function copyRoot(value: unknown, key: string | undefined, limitBytes: number): JsonValue | undefined {
  bytes = 0;
  limit = limitBytes;
  rootKey = key;
  level = 0;
  try {
    const copy = copyValue(value);
    if (bytes > limit) throwTooLarge();
    lastBytes = bytes;
    return copy;
  } catch (error) {
    const thrown = error === refusal ? error : invalid("reading it threw an error (see cause)", error);
    // Nothing of the value may be kept alive from here.
    refusal = undefined;
    ancestors.length = 0;
    trail.length = 0;
    throw thrown;
  }
}

function copyValue(value: unknown): JsonValue | undefined {
  switch (typeof value) {
    case "string":
      countText(value);
      return value;
    case "number":
      return copyNumber(value);
    case "boolean":
      bytes += value ? 4 : 5;
      return value;
    case "undefined":
      return undefined;
    case "object":
      if (value !== null) return copyObject(value);
      bytes += 4;
      return null;
    case "function":
      return refuse("a function cannot be kept as JSON; store its result, or leave it out");
    case "symbol":
      return refuse("a symbol cannot be kept as JSON; store its description");
    default:
      return refuse("a bigint cannot be kept as JSON; store String(value) or Number(value)");
  }
}

function copyNumber(value: number): number | null {
  bytes += numberBytes(value);
  // Adding 0 turns -0 into 0, as JSON prints it.
  return Number.isFinite(value) ? value + 0 : null;
}

function copyObject(value: object): JsonValue | undefined {
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") {
    const name = level === 0 ? (rootKey ?? "") : String(trail[level - 1]);
    const result: unknown = toJSON.call(value, name);
    if (typeof result !== "object" || result === null) return copyValue(result);
    // An object that answers with itself has said that its members are its JSON.
    return copyContainer(result, result === value);
  }
  return copyContainer(value, false);
}

function copyContainer(value: object, trusted: boolean): JsonValue | undefined {
  const isArray = Array.isArray(value);
  if (!isArray && !isPlainObject(value)) {
    const primitive = unboxed(value);
    if (primitive !== undefined) return copyValue(primitive);
    const hint = hintFor(value, trusted);
    if (hint !== undefined) return refuse(hint);
  }
  for (let index = 0; index < level; index++) {
    if (ancestors[index] === value) return refuse("circular: it contains itself; store an id instead");
  }
  if (level === MAX_DEPTH) return refuse(`nested deeper than ${MAX_DEPTH} levels`);
  ancestors[level] = value;
  trail[level] = undefined;
  level++;
  bytes += 2;
  const copy = isArray ? copyItems(value) : copyMembers(value as Record<string, unknown>);
  level--;
  ancestors[level] = undefined;
  return copy;
}

function copyItems(value: readonly unknown[]): JsonValue[] {
  const copy: JsonValue[] = [];
  const { length } = value;
  if (length > 1) bytes += length - 1;
  for (let index = 0; index < length; index++) {
    if (bytes > limit) throwTooLarge();
    trail[level - 1] = index;
    const item = copyValue(value[index]);
    if (item === undefined) bytes += 4;
    copy.push(item === undefined ? null : item);
  }
  return copy;
}

function copyMembers(value: Record<string, unknown>): JsonObject {
  const copy: JsonObject = {};
  let separators = 1;
  // A fifth faster than Object.keys, which would make a list of the names.
  for (const name in value) {
    if (!Object.hasOwn(value, name)) continue;
    trail[level - 1] = name;
    if (name === "__proto__") refuse("a member __proto__ is not allowed");
    const member = copyValue(value[name]);
    if (member === undefined) continue;
    // A colon; from the second member on a comma as well.
    bytes += separators;
    separators = 2;
    countText(name);
    copy[name] = member;
  }
  return copy;
}

function countText(text: string): void {
  // A very long text is not looked at when its length alone is too much.
  bytes += bytes + text.length + 2 > limit ? text.length + 2 : stringBytes(text);
  if (bytes > limit) throwTooLarge();
}

function throwTooLarge(): never {
  refusal = new MetadataSizeError(bytes, limit, rootKey);
  throw refusal;
}

function refuse(problem: string): never {
  refusal = invalid(problem);
  throw refusal;
}

function invalid(problem: string, cause?: unknown): MetadataValueError {
  return new MetadataValueError(pathHere(), problem, cause === undefined ? undefined : { cause });
}

/** Where the copy stands, `$.user.onClick`. Made for errors only: on the way just names are noted. */
function pathHere(): string {
  let path = "$";
  if (rootKey !== undefined) path = pathOfKey(rootKey);
  for (let index = 0; index < level; index++) {
    const name = trail[index];
    if (name !== undefined) path += pathStep(name);
  }
  return path;
}
