import type { PageCursor } from "./cursor-page.ts";
import { joined, milliseconds, type OneOrMore } from "./query-values.ts";

/** Which sessions `sessions.list` gives; several values of one field mean "any of them". */
export interface SessionsFilter extends PageCursor {
  /** Sessions a page, 1 to 100. @default 20 */
  readonly limit?: number | undefined;
  readonly type?: OneOrMore<string> | undefined;
  readonly tag?: OneOrMore<string> | undefined;
  readonly taskIdentifier?: OneOrMore<string> | undefined;
  readonly externalId?: string | undefined;
  /** A closed session is CLOSED, also when it has expired. */
  readonly status?: OneOrMore<"ACTIVE" | "CLOSED" | "EXPIRED"> | undefined;
  /** Created within the last, for example `"1d"`. */
  readonly period?: string | undefined;
  /** Created at or after: a date, or unix milliseconds. */
  readonly from?: Date | number | undefined;
  /** Created at or before. */
  readonly to?: Date | number | undefined;
}

/** The filter as the query of `GET /api/v1/sessions`. */
export function sessionsQuery(filter: SessionsFilter): Record<string, string | undefined> {
  return {
    "page[size]": filter.limit === undefined ? undefined : String(filter.limit),
    "page[after]": filter.after,
    "page[before]": filter.before,
    "filter[type]": joined(filter.type),
    "filter[tags]": joined(filter.tag),
    "filter[taskIdentifier]": joined(filter.taskIdentifier),
    "filter[externalId]": filter.externalId,
    "filter[status]": joined(filter.status),
    "filter[createdAt][period]": filter.period,
    "filter[createdAt][from]": milliseconds(filter.from),
    "filter[createdAt][to]": milliseconds(filter.to),
  };
}
