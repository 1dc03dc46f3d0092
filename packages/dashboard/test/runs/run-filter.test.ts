import { expect, test } from "vitest";
import { parseSearch } from "../../src/runs/parse-search.ts";
import { formatRunFilter, parseRunFilter, runFilterQuery } from "../../src/runs/run-filter.ts";

const nothing = parseRunFilter("");

test("a filter survives the address", () => {
  const address =
    "status=EXECUTING%2CFAILED&task=a%26b&tag=%23x&from=2026-11-25T10%3A00&metadata.user.name=ann&metadata.n=";
  const filter = parseRunFilter(address);
  expect(filter).toMatchObject({ statuses: ["EXECUTING", "FAILED"], task: "a&b", tag: "#x" });
  expect(filter.metadata).toEqual([
    { key: "user.name", value: "ann" },
    { key: "n", value: "" },
  ]);
  expect(parseRunFilter(formatRunFilter(filter))).toEqual(filter);
});

test("what an address says that is no filter is left out", () => {
  expect(parseRunFilter("status=NONSENSE&period=soon&from=x&to=&metadata.=1&other=2")).toEqual(nothing);
});

test("the API is asked in its own words; a period wins over times", () => {
  const filter = parseRunFilter("status=QUEUED&metadata.step=3&from=2026-11-25T10:00:00Z");
  expect(runFilterQuery(filter)).toMatchObject({
    "filter[status]": "QUEUED",
    "filter[metadata][step]": "3",
    "filter[createdAt][from]": String(Date.UTC(2026, 10, 25, 10)),
  });
  expect(runFilterQuery({ ...filter, period: "1h" })).toMatchObject({
    "filter[createdAt][period]": "1h",
    "filter[createdAt][from]": "",
  });
});

test("a search opens a run, or filters by tag, metadata or task", () => {
  expect(parseSearch("  ", nothing)).toBeUndefined();
  expect(parseSearch(" run_abc ", nothing)).toEqual({ kind: "run", id: "run_abc" });
  const filters = (text: string) => {
    const search = parseSearch(text, nothing);
    return search?.kind === "filter" ? formatRunFilter(search.filter) : undefined;
  };
  expect(filters("#vip")).toBe("tag=vip");
  expect(filters("user = a=b")).toBe("metadata.user=a%3Db");
  expect(filters("import")).toBe("task=import");
});
