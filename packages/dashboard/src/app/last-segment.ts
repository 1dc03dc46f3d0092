/**
 * The last part of the page's path, decoded once. The router decodes the path before it takes it apart, so that ids with
 * `%` or `/` would be others; ids of records may have both.
 */
export function lastSegment(): string {
  const text = window.location.pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(text);
  } catch {
    // No id of ours; the server will say that there is no such thing.
    return text;
  }
}
