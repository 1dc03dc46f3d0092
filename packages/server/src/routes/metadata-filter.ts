import { HttpError } from "../http/http-error.ts";
import type { RunQuery } from "../storage/storage.ts";

/** Filters in one request; each is one more look-up for every run. */
const MAX_FILTERS = 10;
/** Characters of a key or a value. */
const MAX_LENGTH = 1_000;

const PREFIX = "filter[metadata]";

/**
 * The `filter[metadata][key]=value` of a query; undefined where there is none. A value may be empty: that is a text too.
 *
 * @throws HttpError 400 `Query Error` as for every other parameter
 */
export function metadataFilter(query: URLSearchParams): RunQuery["metadata"] {
  const filters: { path: string; value: string }[] = [];
  for (const [name, value] of query) {
    if (!name.startsWith(PREFIX)) continue;
    const path = name.slice(PREFIX.length + 1, -1);
    if (path === "" || name !== `${PREFIX}[${path}]`) throw wrong(name, "must be filter[metadata][key]");
    if (path.length > MAX_LENGTH || value.length > MAX_LENGTH)
      throw wrong(name, `must be at most ${MAX_LENGTH} characters`);
    filters.push({ path, value });
    if (filters.length > MAX_FILTERS) throw wrong(name, `must be one of at most ${MAX_FILTERS}`);
  }
  return filters.length === 0 ? undefined : filters;
}

function wrong(name: string, message: string): HttpError {
  const path = [name.slice(0, 300)];
  return new HttpError(400, { error: "Query Error", details: [{ code: "custom", message, path }] });
}
