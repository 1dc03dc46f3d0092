import type { RunStatus } from "../protocol/run-status.ts";
import type { PageCursor } from "./cursor-page.ts";
import { joined, milliseconds, type OneOrMore } from "./query-values.ts";

/** Which runs `runs.list` gives; several values of one field mean "any of them". */
export interface RunsFilter extends PageCursor {
  /** Runs a page, 1 to 100. @default 25 */
  readonly limit?: number | undefined;
  readonly status?: OneOrMore<RunStatus> | undefined;
  readonly taskIdentifier?: OneOrMore<string> | undefined;
  readonly tag?: OneOrMore<string> | undefined;
  readonly version?: OneOrMore<string> | undefined;
  /** Created at or after: a date, or unix milliseconds. */
  readonly from?: Date | number | undefined;
  /** Created at or before. */
  readonly to?: Date | number | undefined;
  /** Created within the last, for example `"1d"`. */
  readonly period?: string | undefined;
  readonly isTest?: boolean | undefined;
  readonly batch?: string | undefined;
  readonly schedule?: string | undefined;
  readonly bulkAction?: string | undefined;
  readonly queue?: OneOrMore<{ readonly type: "task" | "custom"; readonly name: string }> | undefined;
  readonly machine?: OneOrMore<string> | undefined;
  readonly region?: OneOrMore<string> | undefined;
  /**
   * What stands in the metadata, all of it: by key, or by a path of keys joined by dots. Servers of ours only; a change can
   * be found about a quarter of a second after it.
   */
  readonly metadata?: Readonly<Record<string, string | number | boolean | null>> | undefined;
}

function queueNames(queue: RunsFilter["queue"]): string | undefined {
  if (queue === undefined) return undefined;
  const queues = "name" in queue ? [queue] : queue;
  return queues.map(({ type, name }) => (type === "task" ? `task/${name}` : name)).join(",");
}

/** The filter as the query of `GET /api/v1/runs`. */
export function runsQuery(filter: RunsFilter): Record<string, string | undefined> {
  const metadata = Object.entries(filter.metadata ?? {}).map(([key, value]) => [
    `filter[metadata][${key}]`,
    String(value),
  ]);
  return {
    ...Object.fromEntries(metadata),
    "page[size]": filter.limit === undefined ? undefined : String(filter.limit),
    "page[after]": filter.after,
    "page[before]": filter.before,
    "filter[status]": joined(filter.status),
    "filter[taskIdentifier]": joined(filter.taskIdentifier),
    "filter[tag]": joined(filter.tag),
    "filter[version]": joined(filter.version),
    "filter[createdAt][from]": milliseconds(filter.from),
    "filter[createdAt][to]": milliseconds(filter.to),
    "filter[createdAt][period]": filter.period,
    "filter[isTest]": filter.isTest === undefined ? undefined : String(filter.isTest),
    "filter[batch]": filter.batch,
    "filter[schedule]": filter.schedule,
    "filter[bulkAction]": filter.bulkAction,
    "filter[queue]": queueNames(filter.queue),
    "filter[machine]": joined(filter.machine),
    "filter[region]": joined(filter.region),
  };
}
