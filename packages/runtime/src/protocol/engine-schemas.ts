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
export const startAttemptBody = z.object({ attempt, holder: holder.optional() });

/** Body of `POST /engine/v1/runs/{runId}/heartbeat`; it may be missing. */
export const heartbeatBody = z
  .object({ attempt: attempt.optional(), holder: holder.optional() })
  .prefault({});

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
