import { z } from "zod";
import { MAX_TAG_LENGTH, MAX_TAGS } from "./limits.ts";
import { metadataDocument } from "./metadata-schemas.ts";
import { isPrintable } from "./printable-text.ts";
import { commaList, createdAtFilter, filterValues } from "./query-schemas.ts";

/** What the database can hold and a log can show. */
function name(maxLength: number) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .refine((text) => text.trim() !== "" && isPrintable(text), "must be printable text");
}

const tag = z.string().max(MAX_TAG_LENGTH).refine(isPrintable, "must be printable text");
const tags = z.array(tag).max(MAX_TAGS);

const externalId = z
  .string()
  .trim()
  .min(1)
  .max(256)
  .refine(isPrintable, "must be printable text")
  .refine((text) => !text.startsWith("session_"), "must not start with session_, as ids do");

/** How the runs of a session are triggered. Members it does not know are dropped: official clients refuse some. */
const sessionTriggerConfig = z.object({
  /** The payload of every run; what differs from run to run is put on top. */
  basePayload: metadataDocument,
  machine: z
    .enum(["micro", "small-1x", "small-2x", "medium-1x", "medium-2x", "large-1x", "large-2x"])
    .optional(),
  queue: name(128).optional(),
  concurrency: z
    .array(z.string().regex(/^[a-zA-Z0-9_-]{1,122}$/, "must be 1 to 122 of [a-zA-Z0-9_-]"))
    .max(2)
    .optional(),
  concurrencyKey: z.union([z.string(), z.number()]).transform(String).optional(),
  tags: z.array(tag).max(5).optional(),
  maxAttempts: z.number().int().positive().max(10).optional(),
  /** Seconds. */
  maxDuration: z.number().int().positive().optional(),
  lockToVersion: z.string().optional(),
  /** `null` is how callers opt out. */
  externalDeploymentId: z
    .string()
    .max(128)
    .nullish()
    .transform((id) => id?.trim() || undefined),
  region: z.string().optional(),
  idleTimeoutInSeconds: z.number().int().positive().max(3600).optional(),
  /** A duration, or seconds. */
  ttl: z.union([z.string(), z.number().int().nonnegative()]).optional(),
});

/** Body of `POST /api/v1/sessions`. */
export const createSessionBody = z.object({
  type: name(64),
  taskIdentifier: name(128),
  triggerConfig: sessionTriggerConfig,
  externalId: externalId.optional(),
  tags: tags.optional(),
  metadata: metadataDocument.optional(),
  expiresAt: z
    .union([z.string(), z.number()])
    .transform((text) => new Date(text))
    .refine((date) => date.getUTCFullYear() >= 1970 && date.getUTCFullYear() < 10_000, "must be a date")
    .optional(),
});

/** Body of `PATCH /api/v1/sessions/{session}`. What is left out stays as it is. */
export const updateSessionBody = z.object({
  tags: tags.optional(),
  /** Replaces the whole document; `null` clears it. */
  metadata: metadataDocument.nullable().optional(),
  /** Compared with the session's, which never changes. */
  externalId: externalId.nullable().optional(),
});

/** Body of `POST /api/v1/sessions/{session}/close`; it may be missing. */
export const closeSessionBody = z
  .object({ reason: z.string().max(256).optional(), callingRunId: z.string().optional() })
  .prefault({});

const date = z.string().meta({ format: "date-time" });

/** A session in a reply. Members that may be null are always there. */
export const sessionItem = z.object({
  id: z.string(),
  externalId: z.string().nullable(),
  type: z.string(),
  taskIdentifier: z.string(),
  triggerConfig: z.looseObject({ basePayload: z.record(z.string(), z.unknown()) }).optional(),
  currentRunId: z.string().nullable().optional(),
  tags: z.array(z.string()),
  metadata: metadataDocument.nullable(),
  /** Dates are ISO texts. */
  closedAt: date.nullable(),
  closedReason: z.string().nullable(),
  expiresAt: date.nullable(),
  createdAt: date,
  updatedAt: date,
});

/** Reply to `POST /api/v1/sessions`. */
export const createdSessionReply = sessionItem.extend({
  runId: z.string(),
  publicAccessToken: z.string(),
  isCached: z.boolean(),
});

const cursor = z.string().regex(/^session_[a-z0-9]{1,64}$/, "Invalid cursor");
/** Query of `GET /api/v1/sessions`, as an object of its parameters; page size 20 unless given. */
export const listSessionsQuery = z.object({
  "page[size]": z.coerce.number().int().min(1).max(100).default(20).describe("Sessions on a page."),
  "page[after]": cursor.optional().describe("The `pagination.next` of a page: what comes after it."),
  "page[before]": cursor
    .optional()
    .describe("The `pagination.previous` of a page: what comes before it; wins over `page[after]`."),
  "filter[type]": filterValues.optional().describe("Types, joined by commas."),
  "filter[tags]": filterValues.optional().describe("Tags, joined by commas; any of them."),
  "filter[taskIdentifier]": filterValues.optional().describe("Ids of tasks, joined by commas."),
  "filter[externalId]": z
    .string()
    .refine(isPrintable, "must be printable text")
    .optional()
    .describe("An external id."),
  "filter[status]": commaList
    .pipe(z.array(z.enum(["ACTIVE", "CLOSED", "EXPIRED"])))
    .optional()
    .describe("ACTIVE, CLOSED or EXPIRED, joined by commas."),
  ...createdAtFilter,
});

/** Reply to `GET /api/v1/sessions`, newest first. */
export const listSessionsReply = z.object({
  data: z.array(sessionItem),
  pagination: z.object({ next: z.string().optional(), previous: z.string().optional() }),
});
