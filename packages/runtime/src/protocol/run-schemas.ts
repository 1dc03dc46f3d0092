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
  realtimeStreams: z.array(z.string()).optional().describe("Keys of its streams; absent where it has none."),
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
