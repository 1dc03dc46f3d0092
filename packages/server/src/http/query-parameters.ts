import type { z } from "zod";
import { HttpError } from "./http-error.ts";
import type { RouteRequest } from "./route.ts";

/** Issues named in a reply; a hostile query can have thousands. */
const MAX_ISSUES = 10;

/**
 * The query of a request as the schema of its route gives it. The first value of a parameter counts, an empty one is
 * absent, unknown ones are ignored.
 *
 * @throws HttpError 400 `Query Error` naming every parameter that is wrong
 */
export function queryParameters<Query extends z.ZodObject>(
  request: Pick<RouteRequest<z.ZodType, Query>, "query" | "querySchema">,
): z.output<Query> {
  const given = request.query();
  const fields: Record<string, string> = {};
  for (const name of Object.keys(request.querySchema.shape)) {
    const text = given.get(name);
    if (text !== null && text !== "") fields[name] = text;
  }
  const checked = request.querySchema.safeParse(fields);
  if (checked.success) return checked.data;
  const details = checked.error.issues.slice(0, MAX_ISSUES).map(({ code, message, path }) => ({
    code,
    message: message.slice(0, 300),
    path,
  }));
  throw new HttpError(400, { error: "Query Error", details });
}
