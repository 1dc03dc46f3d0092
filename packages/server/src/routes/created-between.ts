import { parseDurationSeconds } from "../service/duration.ts";

/** What a list's query says about when its items were created. */
interface CreatedAtFilter {
  readonly "filter[createdAt][from]"?: Date | undefined;
  readonly "filter[createdAt][to]"?: Date | undefined;
  readonly "filter[createdAt][period]"?: string | undefined;
}

/** The same as two points in time. A period of more than 100 years is no bound. */
export function createdBetween(
  query: CreatedAtFilter,
  now: Date,
): { readonly from: Date | undefined; readonly to: Date | undefined } {
  const seconds = parseDurationSeconds(query["filter[createdAt][period]"] ?? "");
  const begin = seconds === undefined ? undefined : new Date(now.getTime() - seconds * 1000);
  return { from: query["filter[createdAt][from]"] ?? begin, to: query["filter[createdAt][to]"] };
}
