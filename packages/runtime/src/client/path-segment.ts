import { ConfigError } from "../errors.ts";

/**
 * An id as one segment of a request's path. A `/` in it stays inside the segment.
 * @throws ConfigError when it is no string, empty, or would climb the path (`.`, `..`)
 */
export function pathSegment(what: string, id: string): string {
  // A URL parser also takes an encoded dot segment as one, so these cannot be escaped.
  if (typeof id !== "string" || id === "" || id === "." || id === "..") {
    throw new ConfigError(
      `${what} must be a non-empty id, got ${typeof id === "string" ? `"${id}"` : typeof id}`,
    );
  }
  try {
    return encodeURIComponent(id);
  } catch (cause) {
    throw new ConfigError(`${what} holds half of a surrogate pair and cannot be sent`, { cause });
  }
}
