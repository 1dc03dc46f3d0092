import { z } from "zod";
import { MAX_TAG_LENGTH } from "./limits.ts";
import { metadataDocument } from "./metadata-schemas.ts";
import { runId, runStatus } from "./run-schemas.ts";

const tag = z.string().max(MAX_TAG_LENGTH);
const attempt = z.number().int().positive();
/** The worker's own name for itself, unique to one process or one execution. */
const holder = z.string().min(1).max(256);

/** Body of `PUT /engine/v1/runs/{runId}`: creates a run that is executed elsewhere, if it is not there. */
export const registerRunBody = z.object({
  task: z.string(),
  parentId: runId.optional(),
  rootId: runId.optional(),
  tags: z.union([tag, z.array(tag).max(1000)]).optional(),
  /** Checked where the run is made: a wrong one is answered with `Invalid metadata`. */
  metadata: z.unknown().optional(),
  payload: z.unknown().optional(),
  payloadType: z.string().optional(),
  maxAttempts: attempt.optional(),
});

/** Body of `POST /engine/v1/runs/{runId}/start`. */
export const startAttemptBody = z.object({
  attempt,
  holder: holder.optional(),
  /** The caller's queue has given it the work: whoever is thought to execute the run does so no longer. */
  takeOver: z.boolean().optional(),
});

/** Body of `POST /engine/v1/runs/{runId}/heartbeat`; it may be missing. */
export const heartbeatBody = z
  .object({ attempt: attempt.optional(), holder: holder.optional() })
  .prefault({});

/** Body of `POST /engine/v1/runs/{runId}/pause` and `…/resume`. */
export const heldAttemptBody = z.object({ attempt, holder });

/** Body of `POST /engine/v1/runs/{runId}/release`. */
export const releaseAttemptBody = z.object({
  /** 0: none has begun. */
  attempt: z.number().int().nonnegative(),
  holder,
  /** An attempt had begun; it does not count against the task. */
  interrupted: z.boolean(),
});

/** Runs in one heartbeat of a worker. */
const MAX_HEARTBEATS = 10_000;

/** Body of `POST /engine/v1/heartbeats`: all that a worker executes. */
export const heartbeatsBody = z.object({ holder, runIds: z.array(runId).max(MAX_HEARTBEATS) });

/** Reply to `POST /engine/v1/heartbeats`; a run in neither list has ended, or is somebody else's. */
export const heartbeatsReply = z.object({
  /** Still the worker's own. */
  held: z.array(z.string()),
  /** To be stopped. */
  cancelled: z.array(z.string()),
});

/** The largest limit that the database keeps (int4). */
const MAX_CONCURRENCY_LIMIT = 2_147_483_647;

/** Body of `PUT /engine/v1/tasks`: what a worker can execute. */
export const announceTasksBody = z.object({
  tasks: z
    .array(
      z.object({
        id: z.string().min(1).max(256),
        /** What its runs join unless their trigger names another one; `task/<id>` unless given. */
        queue: z.string().max(256).optional(),
        /**
         * Runs of that queue that may execute at once, for each concurrency key, on all workers together; null: any
         * number, missing: what was last said about the queue.
         */
        concurrencyLimit: z.number().int().nonnegative().max(MAX_CONCURRENCY_LIMIT).nullish(),
        /** Seconds, or a duration such as `10m`. */
        ttl: z.union([z.string().max(64), z.number()]).optional(),
      }),
    )
    .max(10_000),
});

/** Reply to `PUT /engine/v1/tasks`. */
export const announceTasksReply = z.object({
  /** Largest metadata document, in UTF-8 bytes of its JSON. */
  maximumSizeBytes: z.number().int(),
});

const reference = { attempt: attempt.optional(), holder: holder.optional() };

/** Body of `POST /engine/v1/runs/{runId}/complete`: how an attempt ended. */
export const completeAttemptBody = z.discriminatedUnion("ok", [
  z.object({
    ok: z.literal(true),
    ...reference,
    output: z.unknown().optional(),
    /** Format of `output` when it is a text; JSON unless given. */
    outputType: z.string().optional(),
  }),
  z.object({
    ok: z.literal(false),
    ...reference,
    error: z.object({
      name: z.string().optional(),
      message: z.string(),
      stackTrace: z.string().optional(),
    }),
    /** FAILED unless given. */
    status: z.enum(["FAILED", "CRASHED", "SYSTEM_FAILURE", "TIMED_OUT", "CANCELED"]).optional(),
    /** Given when another attempt follows: the run waits so many milliseconds and is open again. */
    retryAfterMs: z.number().nonnegative().optional(),
  }),
]);

const state = { id: z.string(), status: runStatus, attempt: z.number().int() };

/** Reply to `PUT /engine/v1/runs/{runId}`; `created` is false for a run that was there. */
export const registerRunReply = z.object({ ...state, created: z.boolean(), metadata: metadataDocument });

/** Reply to `POST /engine/v1/runs/{runId}/start`: what is needed to execute the run. */
export const startAttemptReply = z.object({
  ...state,
  holder: z.string(),
  task: z.string(),
  tags: z.array(z.string()),
  parentId: z.string().optional(),
  rootId: z.string().optional(),
  metadata: metadataDocument,
  /** Text in the format of `payloadType`. */
  payload: z.string().optional(),
  payloadType: z.string(),
  maxAttempts: z.number().int().optional(),
  maxDurationSeconds: z.number().optional(),
  /** How often an attempt was interrupted; those attempts do not count. */
  interruptions: z.number().int(),
  /** The document that the run was triggered with. */
  initialMetadata: metadataDocument,
  batchId: z.string().optional(),
  idempotencyKey: z.string().optional(),
  isTest: z.boolean().optional(),
  queue: z.string().optional(),
  priority: z.number().optional(),
  createdAt: z.string(),
  startedAt: z.string().optional(),
  heartbeatIntervalMs: z.number(),
});

/** Reply to `POST /engine/v1/runs/{runId}/heartbeat`; with `cancelled` the worker should stop. */
export const heartbeatReply = z.object({ ...state, cancelled: z.boolean() });

/** Reply to `POST /engine/v1/runs/{runId}/complete`: how the run stands now. */
export const completeAttemptReply = z.object(state);

/** Reply to `GET /engine/v1/runs/{runId}/result`. */
export const runResultReply = z.union([
  z.object({ pending: z.literal(true), id: z.string(), status: runStatus }),
  z.object({
    ok: z.literal(true),
    id: z.string(),
    status: runStatus,
    /** Text in the format of `outputType`. */
    output: z.string().optional(),
    outputType: z.string().optional(),
  }),
  z.object({
    ok: z.literal(false),
    id: z.string(),
    status: runStatus,
    error: z.object({ name: z.string().optional(), message: z.string(), stackTrace: z.string().optional() }),
  }),
]);
