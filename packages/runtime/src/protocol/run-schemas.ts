import { z } from "zod";
import { metadataDocument } from "./metadata-schemas.ts";
import { runIdPattern } from "./run-id.ts";
import { RUN_STATUSES } from "./run-status.ts";

/** A run id: `run_` and 1 to 64 letters, digits, `_` or `-`. */
export const runId = z.string().regex(runIdPattern, "must be a run id");

/** Names of a run's state in API replies; any other one is refused by official clients. */
export const runStatus = z.enum(RUN_STATUSES).meta({ id: "RunStatus" });

/** An ISO text. */
const date = z.string().meta({ format: "date-time" });

/** What every form of a run has. Optional members are left out, never null. */
const runFields = z.object({
  id: z.string(),
  status: runStatus,
  taskIdentifier: z.string(),
  idempotencyKey: z.string().optional(),
  version: z.string().optional(),
  isQueued: z.boolean(),
  isExecuting: z.boolean(),
  isWaiting: z.boolean(),
  isCompleted: z.boolean(),
  isSuccess: z.boolean(),
  isFailed: z.boolean(),
  isCancelled: z.boolean(),
  isTest: z.boolean(),
  createdAt: date,
  updatedAt: date,
  startedAt: date.optional(),
  finishedAt: date.optional(),
  delayedUntil: date.optional(),
  expiredAt: date.optional(),
  ttl: z.string().optional(),
  tags: z.array(z.string()),
  costInCents: z.number(),
  baseCostInCents: z.number(),
  durationMs: z.number(),
  metadata: metadataDocument.optional(),
});

const treeFields = {
  depth: z.number(),
  triggerFunction: z.enum(["trigger", "triggerAndWait", "batchTrigger", "batchTriggerAndWait"]),
  batchId: z.string().optional(),
};

const relatedRun = runFields.extend(treeFields).meta({ id: "RelatedRun" });

/** Reply to `GET /api/v3/runs/{runId}`. Payload and output are decoded JSON values. */
export const retrieveRunReply = relatedRun.extend({
  payload: z.unknown().optional(),
  output: z.unknown().optional(),
  error: z
    .object({ message: z.string(), name: z.string().optional(), stackTrace: z.string().optional() })
    .optional(),
  attemptCount: z.number().default(0),
  attempts: z.array(z.unknown()).optional().describe("Empty: kept for older clients."),
  relatedRuns: z.object({
    root: relatedRun.optional(),
    parent: relatedRun.optional(),
    children: z.array(relatedRun).optional(),
  }),
});

/** Reply to `GET /api/v1/runs`, newest first. */
export const listRunsReply = z.object({
  data: z.array(
    runFields.extend({ env: z.object({ id: z.string(), name: z.string(), user: z.string().optional() }) }),
  ),
  pagination: z.object({ next: z.string().optional(), previous: z.string().optional() }),
});

/** Reply to calls that say only which run they were about. */
export const runIdReply = z.object({ id: z.string() });

/** Reply to `POST /api/v1/runs/{runId}/tags`. */
export const addTagsReply = z.object({ message: z.string() });

/** A list in one query parameter, joined by commas. */
export const commaList = z.string().transform((text) => text.split(",").filter((part) => part !== ""));
/** A point in time: milliseconds since 1970, or a date text. */
export const instant = z
  .string()
  .transform((text) => new Date(/^[0-9]+$/.test(text) ? Number(text) : text))
  .refine(
    // What a database cannot compare is no date either.
    (date) => date.getUTCFullYear() >= 1970 && date.getUTCFullYear() < 10_000,
    "must be a date or milliseconds since 1970",
  );
/** A time that ends now. */
export const period = z.string().regex(/^[0-9]{1,9}[smhdw]$/, "must be a duration such as 1d");

/** Query of `GET /api/v1/runs`, as an object of its parameters; page size 25 unless given. */
export const listRunsQuery = z.object({
  "page[size]": z.coerce.number().int().min(1).max(100).default(25).describe("Runs on a page."),
  "page[after]": z.string().optional().describe("The `pagination.next` of a page: what comes after it."),
  "page[before]": z
    .string()
    .optional()
    .describe("The `pagination.previous` of a page: what comes before it."),
  "filter[status]": commaList.pipe(z.array(runStatus)).optional().describe("Statuses, joined by commas."),
  "filter[taskIdentifier]": commaList.optional().describe("Ids of tasks, joined by commas."),
  "filter[version]": commaList
    .optional()
    .describe("Versions, joined by commas; this server has none, so nothing matches."),
  "filter[tag]": commaList.optional().describe("Tags, joined by commas; any of them."),
  "filter[queue]": commaList.optional().describe("Names of queues, joined by commas."),
  "filter[machine]": commaList.optional().describe("Machine presets, joined by commas."),
  "filter[region]": commaList.optional().describe("Regions, joined by commas."),
  "filter[bulkAction]": z
    .string()
    .optional()
    .describe("Id of a bulk action; this server has none, so nothing matches."),
  "filter[schedule]": z
    .string()
    .optional()
    .describe("Id of a schedule; this server has none, so nothing matches."),
  "filter[batch]": z.string().optional().describe("Id of a batch."),
  "filter[isTest]": z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .optional()
    .describe("Only test runs, or none."),
  "filter[createdAt][from]": instant
    .optional()
    .describe("Created at or after: a date, or milliseconds since 1970."),
  "filter[createdAt][to]": instant
    .optional()
    .describe("Created at or before: a date, or milliseconds since 1970."),
  "filter[createdAt][period]": period
    .optional()
    .describe("Created within this time: `90s`, `10m`, `1h`, `7d`, `2w`."),
});
