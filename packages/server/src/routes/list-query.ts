import type { RunStatus } from "@runmeta/runtime/protocol";
import { isPrintable, isRunId, MACHINE_PRESETS, RUN_STATUSES } from "@runmeta/runtime/protocol";
import { pageSize, QueryReader, queryFault } from "../http/query-reader.ts";
import { parseDurationSeconds } from "../service/duration.ts";
import type { RunQuery } from "../storage/storage.ts";

const DEFAULT_PAGE_SIZE = 25;

/** Names by which older clients ask; `inApiVersion` answers them. */
const LEGACY_STATUSES: readonly (readonly [string, RunStatus])[] = [
  ["FROZEN", "WAITING"],
  ["REATTEMPTING", "EXECUTING"],
  ["INTERRUPTED", "FAILED"],
  ["WAITING_FOR_DEPLOY", "PENDING_VERSION"],
];

/** Values in one filter; each is one comparison in the database. */
const MAX_FILTER_VALUES = 100;

/**
 * The filters and the page of `GET /api/v1/runs`. Undefined when the filters cannot match anything here: schedules and
 * bulk actions do not exist on this server.
 *
 * @throws HttpError 400 `Query Error` naming every parameter that is wrong
 */
export function parseListQuery(
  parameters: URLSearchParams,
  environment: string,
  now: Date,
): RunQuery | undefined {
  const reader = new QueryReader(parameters);
  const periodFrom = reader.read("filter[createdAt][period]", (text) => {
    const seconds = parseDurationSeconds(text);
    return seconds === undefined
      ? queryFault(`Invalid period: ${text}`)
      : new Date(now.getTime() - seconds * 1000);
  });
  const before = reader.read("page[before]", cursor);
  const after = reader.read("page[after]", cursor);
  const query: RunQuery = {
    environment,
    limit: reader.read("page[size]", pageSize) ?? DEFAULT_PAGE_SIZE,
    // A client that goes back after it went forward sends both; where it wants to go is `before`.
    after: before === undefined ? after : undefined,
    before,
    status: reader.read("filter[status]", statuses),
    tasks: reader.read("filter[taskIdentifier]", values),
    tags: reader.read("filter[tag]", values),
    queues: reader.read("filter[queue]", values),
    batchId: reader.read("filter[batch]", (text) => values(text)[0] ?? queryFault("Invalid batch")),
    machines: reader.read("filter[machine]", machines),
    versions: reader.read("filter[version]", values),
    regions: reader.read("filter[region]", values),
    isTest: reader.read("filter[isTest]", boolean),
    from: reader.read("filter[createdAt][from]", date) ?? periodFrom,
    to: reader.read("filter[createdAt][to]", date),
  };
  reader.throwIssues();
  const impossible = ["schedule", "bulkAction", "error"];
  return impossible.some((name) => parameters.get(`filter[${name}]`)) ? undefined : query;
}

function cursor(text: string): string {
  return isRunId(text) ? text : queryFault("Invalid cursor");
}

function values(text: string): string[] {
  const list = text.split(",").filter((value) => value !== "");
  if (list.length > MAX_FILTER_VALUES) queryFault(`At most ${MAX_FILTER_VALUES} values`);
  return list.every(isPrintable) ? list : queryFault("Must not contain control characters");
}

function machines(text: string): string[] {
  const names = text.split(",");
  const known: readonly string[] = MACHINE_PRESETS;
  const wrong = names.filter((name) => !known.includes(name));
  return wrong.length > 0 ? queryFault(`Invalid machine values: ${wrong.join(", ")}`) : names;
}

function statuses(text: string): RunStatus[] {
  const known: ReadonlyMap<string, RunStatus> = new Map([
    ...RUN_STATUSES.map((status) => [status, status] as const),
    ...LEGACY_STATUSES,
  ]);
  const names = text.split(",");
  const wrong = names.filter((name) => !known.has(name));
  if (wrong.length > 0) queryFault(`Invalid status values: ${wrong.join(", ")}`);
  return [...new Set(names)].map((name) => known.get(name)).filter((status) => status !== undefined);
}

function boolean(text: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  return queryFault(`Invalid value for isTest: ${text}`);
}

function date(text: string): Date {
  const parsed = /^\d{1,15}$/.test(text) ? new Date(Number(text)) : new Date(text);
  const year = parsed.getUTCFullYear();
  return year >= 1970 && year < 10_000 ? parsed : queryFault(`Invalid date: ${text}`);
}
