import type { RunStatus } from "@runmeta/runtime/protocol";
import { isRunId, RUN_STATUSES } from "@runmeta/runtime/protocol";
import { HttpError } from "../http/http-error.ts";
import { parseDurationSeconds } from "../service/duration.ts";
import type { RunQuery } from "../storage/storage.ts";
import { isPrintable } from "./task-id-parameter.ts";

const DEFAULT_PAGE_SIZE = 25;
const MAX_PAGE_SIZE = 100;

/** Values in one filter; each is one comparison in the database. */
const MAX_FILTER_VALUES = 100;

interface Issue {
  readonly code: "custom";
  readonly message: string;
  readonly path: readonly string[];
}

/**
 * The filters and the page of `GET /api/v1/runs`. Undefined when the filters cannot match anything here: versions,
 * machines, regions, schedules and bulk actions do not exist on this server.
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
      ? fault(`Invalid period: ${text}`)
      : new Date(now.getTime() - seconds * 1000);
  });
  const query: RunQuery = {
    environment,
    limit: reader.read("page[size]", pageSize) ?? DEFAULT_PAGE_SIZE,
    after: reader.read("page[after]", cursor),
    before: reader.read("page[before]", cursor),
    status: reader.read("filter[status]", statuses),
    tasks: reader.read("filter[taskIdentifier]", values),
    tags: reader.read("filter[tag]", values),
    queues: reader.read("filter[queue]", values),
    batchId: reader.read("filter[batch]", (text) => values(text)[0] ?? fault("Invalid batch")),
    isTest: reader.read("filter[isTest]", boolean),
    from: reader.read("filter[createdAt][from]", date) ?? periodFrom,
    to: reader.read("filter[createdAt][to]", date),
  };
  reader.throwIssues();
  const impossible = ["version", "machine", "region", "schedule", "bulkAction"];
  return impossible.some((name) => parameters.get(`filter[${name}]`)) ? undefined : query;
}

/** Collects what is wrong instead of stopping at the first. */
class QueryReader {
  readonly #parameters: URLSearchParams;
  readonly #issues: Issue[] = [];

  constructor(parameters: URLSearchParams) {
    this.#parameters = parameters;
  }

  read<T>(name: string, parse: (text: string) => T): T | undefined {
    const text = this.#parameters.get(name);
    if (text === null || text === "") return undefined;
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof QueryFault)) throw error;
      this.#issues.push({ code: "custom", message: error.message, path: [name] });
      return undefined;
    }
  }

  throwIssues(): void {
    if (this.#issues.length > 0) throw new HttpError(400, { error: "Query Error", details: this.#issues });
  }
}

class QueryFault extends Error {}

function fault(message: string): never {
  throw new QueryFault(message.slice(0, 200));
}

function pageSize(text: string): number {
  const size = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return size >= 1 && size <= MAX_PAGE_SIZE
    ? size
    : fault(`Page size must be between 1 and ${MAX_PAGE_SIZE}`);
}

function cursor(text: string): string {
  return isRunId(text) ? text : fault("Invalid cursor");
}

function values(text: string): string[] {
  const list = text.split(",").filter((value) => value !== "");
  if (list.length > MAX_FILTER_VALUES) fault(`At most ${MAX_FILTER_VALUES} values`);
  return list.every(isPrintable) ? list : fault("Must not contain control characters");
}

function statuses(text: string): RunStatus[] {
  const known: ReadonlyMap<string, RunStatus> = new Map(RUN_STATUSES.map((status) => [status, status]));
  const names = text.split(",");
  const wrong = names.filter((name) => !known.has(name));
  if (wrong.length > 0) fault(`Invalid status values: ${wrong.join(", ")}`);
  return [...new Set(names)].map((name) => known.get(name)).filter((status) => status !== undefined);
}

function boolean(text: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  return fault(`Invalid value for isTest: ${text}`);
}

function date(text: string): Date {
  const parsed = /^\d{1,15}$/.test(text) ? new Date(Number(text)) : new Date(text);
  const year = parsed.getUTCFullYear();
  return year >= 1970 && year < 10_000 ? parsed : fault(`Invalid date: ${text}`);
}
