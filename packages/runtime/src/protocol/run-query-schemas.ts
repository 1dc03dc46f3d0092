import { z } from "zod";
import { MACHINE_PRESETS } from "./limits.ts";
import { isPrintable } from "./printable-text.ts";
import { commaList, createdAtFilter, filterValues } from "./query-schemas.ts";
import { runIdPattern } from "./run-id.ts";
import { RUN_STATUSES, type RunStatus } from "./run-status.ts";

const cursor = z.string().regex(runIdPattern, "Invalid cursor");

/** Every name that a status is asked for by, those of older clients too (a reply has them the other way round). */
const statusNames: ReadonlyMap<string, RunStatus> = new Map([
  ...RUN_STATUSES.map((status) => [status, status] as const),
  ["FROZEN", "WAITING"],
  ["REATTEMPTING", "EXECUTING"],
  ["INTERRUPTED", "FAILED"],
  ["WAITING_FOR_DEPLOY", "PENDING_VERSION"],
]);

const machines: ReadonlySet<string> = new Set(MACHINE_PRESETS);

/** A comma list of known names; one that is not is refused by name. */
function knownNames(what: string, isKnown: (name: string) => boolean) {
  return commaList.superRefine((names, context) => {
    const wrong = names.filter((name) => !isKnown(name));
    if (wrong.length > 0)
      context.addIssue({ code: "custom", message: `Invalid ${what} values: ${wrong.join(", ")}` });
  });
}

const wrongPageSize = "Page size must be between 1 and 100";

/** Query of `GET /api/v1/runs`, as an object of its parameters; page size 25 unless given. */
export const listRunsQuery = z.object({
  "page[size]": z.coerce
    .number(wrongPageSize)
    .int(wrongPageSize)
    .min(1, wrongPageSize)
    .max(100, wrongPageSize)
    .default(25)
    .describe("Runs on a page."),
  "page[after]": cursor.optional().describe("The `pagination.next` of a page: what comes after it."),
  "page[before]": cursor
    .optional()
    .describe("The `pagination.previous` of a page: what comes before it; wins over `page[after]`."),
  "filter[status]": knownNames("status", (name) => statusNames.has(name))
    .transform((names) => [...new Set(names.flatMap((name) => statusNames.get(name) ?? []))])
    .optional()
    .describe("Statuses, joined by commas; those of older clients (`FROZEN`) too."),
  "filter[taskIdentifier]": filterValues.optional().describe("Ids of tasks, joined by commas."),
  "filter[version]": filterValues
    .optional()
    .describe("Versions, joined by commas: what a run was triggered with as `lockToVersion`."),
  "filter[tag]": filterValues.optional().describe("Tags, joined by commas; any of them."),
  "filter[queue]": filterValues
    .optional()
    .describe("Names of queues, joined by commas; `task/{id}` is the queue of a task's runs that name none."),
  "filter[machine]": knownNames("machine", (name) => machines.has(name))
    .optional()
    .describe("Machine presets, joined by commas."),
  "filter[region]": filterValues.optional().describe("Regions, joined by commas."),
  "filter[bulkAction]": z
    .string()
    .optional()
    .describe("Id of a bulk action; this server has none, so nothing matches."),
  "filter[schedule]": z
    .string()
    .optional()
    .describe("Id of a schedule; this server has none, so nothing matches."),
  "filter[error]": z
    .string()
    .optional()
    .describe("Fingerprint of an error; this server makes none, so nothing matches."),
  "filter[batch]": z
    .string()
    .refine(isPrintable, "must be printable text")
    .optional()
    .describe("Id of a batch."),
  "filter[isTest]": z
    .enum(["true", "false"], { error: (issue) => `Invalid value for isTest: ${String(issue.input)}` })
    .transform((text) => text === "true")
    .optional()
    .describe("Only test runs, or none."),
  ...createdAtFilter,
});
