import { z } from "zod";
import { MACHINE_PRESETS, MAX_BATCH_RUNS, MAX_IDEMPOTENCY_KEY_LENGTH, MAX_TAG_LENGTH } from "./limits.ts";
import { metadataDocument } from "./metadata-schemas.ts";

const tag = z.string().max(MAX_TAG_LENGTH);
// How many a run may have is answered with 422 and a text of its own; this only bounds the work.
const tags = z.union([tag, z.array(tag).max(1000)]);
const idempotencyKey = z.string().max(MAX_IDEMPOTENCY_KEY_LENGTH);
const idempotencyKeyTTL = z.string().regex(/^[0-9]{1,9}[smhd]$/, "must be a duration such as 30d");
/** The key as the user wrote it and its scope, shown again by the API. */
const idempotencyKeyOptions = z.object({ key: z.string(), scope: z.enum(["run", "attempt", "global"]) });

/** Options of a trigger that are kept. All others that clients send are ignored. */
export const triggerOptions = z
  .object({
    payloadType: z.string().optional(),
    /** Checked where the run is made: a wrong one is answered with `Invalid metadata`. */
    metadata: z.unknown().optional(),
    metadataType: z.string().optional(),
    tags: tags.optional(),
    idempotencyKey: idempotencyKey.optional(),
    idempotencyKeyTTL: idempotencyKeyTTL.optional(),
    idempotencyKeyOptions: idempotencyKeyOptions.optional(),
    parentRunId: z.string().optional(),
    resumeParentOnCompletion: z.boolean().optional(),
    /** A wrong one is answered with 422. */
    delay: z.string().optional().describe("A duration such as `1h30m`, or an ISO date."),
    ttl: z
      .union([z.string(), z.number().int().nonnegative()])
      .optional()
      .describe("A duration such as `10m`, or seconds."),
    test: z.boolean().optional(),
    queue: z.object({ name: z.string() }).optional(),
    concurrencyKey: z.union([z.string(), z.number()]).optional(),
    priority: z.number().optional(),
    maxAttempts: z.number().int().optional(),
    maxDuration: z.number().optional().describe("Seconds."),
    machine: z.enum(MACHINE_PRESETS).optional(),
    lockToVersion: z.string().optional(),
    region: z.string().optional(),
    /** Wrong durations are answered with 422. */
    debounce: z
      .object({
        key: z.string().max(512),
        delay: z.string(),
        mode: z.enum(["leading", "trailing"]).optional(),
        maxDelay: z.string().optional(),
      })
      .optional()
      .describe("Triggers of a task with one key become one run, due `delay` after the last of them."),
  })
  .meta({ id: "TriggerOptions" });

/** Body of `POST /api/v1/tasks/{taskId}/trigger`. The payload is a text in the format of `options.payloadType`, or JSON. */
export const triggerTaskBody = z
  .object({ payload: z.unknown().optional(), options: triggerOptions.optional() })
  .refine(
    ({ payload, options }) =>
      options?.payloadType !== "application/store" || (typeof payload === "string" && payload !== ""),
    {
      message: "payload must be a non-empty string when options.payloadType is application/store",
      path: ["payload"],
    },
  );

/** Reply to `PUT /api/v2/packets/{name}`: where a large payload goes, and how a trigger names it. */
export const packetUploadReply = z.object({ presignedUrl: z.string(), storagePath: z.string() });

/** Body of `POST /api/v1/runs/{runId}/replay`; it may be missing. Strict: an override that is misspelt would be lost. */
export const replayRunBody = z
  .strictObject({
    payload: z.unknown().optional(),
    /** `application/super+json` means that `payload` is a text in that format; else it is a JSON value. */
    payloadType: z.enum(["application/json", "application/super+json"]).optional(),
    metadata: metadataDocument.optional(),
    tags: tags.optional(),
    queue: z.string().optional(),
    concurrencyKey: z.union([z.string(), z.number()]).optional(),
    machine: z.enum(MACHINE_PRESETS).optional(),
    version: z.string().optional(),
    region: z.string().optional(),
    delay: z.string().optional(),
    ttl: z.union([z.string(), z.number().int().nonnegative()]).optional(),
    idempotencyKey: idempotencyKey.optional(),
    idempotencyKeyTTL: idempotencyKeyTTL.optional(),
    maxAttempts: z.number().int().positive().optional(),
    maxDuration: z.number().nonnegative().optional(),
    priority: z.number().optional(),
  })
  .refine((body) => body.payloadType !== "application/super+json" || typeof body.payload === "string", {
    message: "payload must be a SuperJSON string when payloadType is application/super+json",
    path: ["payload"],
  })
  .prefault({});

/** Body of `POST /api/v1/runs/{runId}/reschedule`: a duration or an ISO date. */
export const rescheduleRunBody = z.object({ delay: z.string() });

/** Body of `POST /api/v1/idempotencyKeys/{key}/reset`. */
export const resetIdempotencyKeyBody = z.object({
  taskIdentifier: z.string().min(1, "Task identifier is required"),
});

/** Reply to a trigger. */
export const triggerTaskReply = z.object({ id: z.string(), isCached: z.boolean().optional() });

/** Body of `POST /api/v3/batches`: how many runs will come. */
export const createBatchBody = z.object({
  runCount: z.number().int().positive().max(MAX_BATCH_RUNS),
  taskIdentifiers: z.array(z.string()).optional(),
  parentRunId: z.string().optional(),
  resumeParentOnCompletion: z.boolean().optional(),
  idempotencyKey: idempotencyKey.optional(),
  idempotencyKeyOptions: idempotencyKeyOptions.optional(),
});

/** Reply to {@link createBatchBody}. */
export const createBatchReply = z.object({
  id: z.string(),
  runCount: z.number(),
  isCached: z.boolean(),
  idempotencyKey: z.string().optional(),
});

/** One line of `POST /api/v3/batches/{id}/items`. */
export const batchItem = z.object({
  index: z.number().int().nonnegative(),
  task: z.string(),
  payload: z.unknown().optional(),
  options: triggerOptions.optional(),
});

/** Reply to the items of a batch. `sealed` is false while some are missing: send everything again. */
export const addBatchItemsReply = z.object({
  id: z.string(),
  itemsAccepted: z.number(),
  itemsDeduplicated: z.number(),
  sealed: z.boolean(),
  runCount: z.number().optional(),
  enqueuedCount: z.number().optional(),
  expectedCount: z.number().optional(),
});

/** Reply to `GET /api/v2/batches/{id}`. */
export const retrieveBatchReply = z.object({
  id: z.string(),
  status: z.enum(["PENDING", "PROCESSING", "COMPLETED", "PARTIAL_FAILED", "ABORTED"]),
  idempotencyKey: z.string().optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
  runCount: z.number(),
  runs: z.array(z.string()),
  processing: z.object({ completedAt: z.string().optional(), errors: z.array(z.unknown()) }),
});
