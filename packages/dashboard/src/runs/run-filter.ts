import { RUN_STATUSES, type RunStatus } from "@runmeta/runtime/protocol";

/** Which runs are listed. Members that are empty or undefined leave all in. */
export interface RunFilter {
  readonly statuses: readonly RunStatus[];
  readonly task: string;
  readonly tag: string;
  /** `15m`, `1h`, … until now. */
  readonly period: string;
  /** Days or times as the address has them; `period` wins. */
  readonly from: string;
  readonly to: string;
  /** Values of top-level keys; all must match. */
  readonly metadata: readonly MetadataFilter[];
}

/** A key of the document and the value it must have. */
export interface MetadataFilter {
  readonly key: string;
  readonly value: string;
}

/** Periods that can be chosen, and how they are called. */
export const PERIODS: readonly (readonly [period: string, name: string])[] = [
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
];

const METADATA = "metadata.";

/** Reads a filter from the page's address. What it does not know is left out. */
export function parseRunFilter(search: string): RunFilter {
  const query = new URLSearchParams(search);
  const text = (name: string) => query.get(name) ?? "";
  const statuses = text("status").split(",");
  return {
    statuses: RUN_STATUSES.filter((status) => statuses.includes(status)),
    task: text("task"),
    tag: text("tag"),
    period: /^(\d{1,9}[smhdw])+$/.test(text("period")) ? text("period") : "",
    from: isTime(text("from")) ? text("from") : "",
    to: isTime(text("to")) ? text("to") : "",
    metadata: [...query]
      .filter(([name]) => name.startsWith(METADATA) && name.length > METADATA.length)
      .map(([name, value]) => ({ key: name.slice(METADATA.length), value })),
  };
}

/** The filter as it stands in the page's address; empty for all runs. */
export function formatRunFilter(filter: RunFilter): string {
  const query = new URLSearchParams();
  const put = (name: string, value: string) => {
    if (value !== "") query.append(name, value);
  };
  put("status", filter.statuses.join(","));
  put("task", filter.task);
  put("tag", filter.tag);
  put("period", filter.period);
  put("from", filter.from);
  put("to", filter.to);
  for (const { key, value } of filter.metadata) query.append(`${METADATA}${key}`, value);
  return query.toString();
}

/** The filter in the words of `GET /api/v1/runs`. */
export function runFilterQuery(filter: RunFilter): Record<string, string> {
  return {
    "filter[status]": filter.statuses.join(","),
    "filter[taskIdentifier]": filter.task,
    "filter[tag]": filter.tag,
    "filter[createdAt][period]": filter.period,
    // What is picked is local time; the server is told the instant.
    "filter[createdAt][from]": filter.period === "" ? instant(filter.from) : "",
    "filter[createdAt][to]": filter.period === "" ? instant(filter.to) : "",
    ...Object.fromEntries(filter.metadata.map(({ key, value }) => [`filter[metadata][${key}]`, value])),
  };
}

function isTime(text: string): boolean {
  return text !== "" && !Number.isNaN(Date.parse(text));
}

function instant(text: string): string {
  return text === "" ? "" : String(Date.parse(text));
}
