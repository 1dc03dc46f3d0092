import { MetadataValueError } from "../errors.ts";

/**
 * True for a key that begins with `$.` and is therefore a path for every operation but `delete`; any other key is a
 * literal name at the top of the document (`"a.b"`, `"$"` and `""` are plain names).
 */
export function isPathKey(key: string): boolean {
  return key.charCodeAt(0) === 36 && key.charCodeAt(1) === 46;
}

/**
 * Whether an operation with this key may be applied. Refused are the literal key `__proto__`, a path with a segment
 * `__proto__`, `constructor` or `prototype` in any spelling (R7), and a path that names nothing below `$`. Equal to the
 * official check on every string.
 */
export function isSafeKey(key: string): boolean {
  if (!isPathKey(key)) return key !== "__proto__";
  return namesBelowRoot(key) && !hasDangerousSegment(key);
}

/**
 * Throws unless {@link isSafeKey} holds, and also for `$['__proto__']` and its like: a literal key by the wire's rules,
 * but whoever writes it means a path.
 *
 * @throws MetadataValueError naming the key
 */
export function assertSafeKey(key: string): void {
  if (isSafeKey(key) && !(key.startsWith("$[") && hasDangerousSegment(key))) return;
  const shown = key.length > 100 ? `${key.slice(0, 100)}\u2026` : key;
  if (key === "__proto__") throw new MetadataValueError(`$.${shown}`, "this key is not allowed");
  throw new MetadataValueError(
    shown,
    hasDangerousSegment(key)
      ? "a path may not contain __proto__, constructor or prototype"
      : "a path must name something below $",
  );
}

const dangerousSegments: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Brackets, quotes and backslashes end a segment too: the library takes some of them off before it writes. */
function hasDangerousSegment(key: string): boolean {
  return key.split(/[.[\]'"\\]+/).some((segment) => dangerousSegments.has(segment));
}

/** A path's components are runs of escaped pairs and of characters other than a dot; the first one is the `$`. */
function namesBelowRoot(key: string): boolean {
  return (key.match(/(?:[^.\\]|\\.)+/g)?.length ?? 0) > 1;
}
