import { randomUUID } from "node:crypto";
import { startAttemptBody, startAttemptReply } from "@runmeta/runtime/protocol/schemas";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { REQUEST_KEY_HEADERS, requestKey } from "../http/request-key.ts";
import { defineRoute, type Route } from "../http/route.ts";
import { shownIdempotencyKey } from "../service/run-view.ts";
import type { Services } from "../service/services.ts";
import { runIdParameter } from "./run-id-parameter.ts";
import { settledRun, WORKER_NOT_FOUND, workerNotFound } from "./worker-reply.ts";

/** A worker is asked to report so often; three missed reports make it silent. */
const HEARTBEAT_INTERVAL_MS = 20_000;

const LIMIT_BYTES = 16 * 1024;

/**
 * `POST /engine/v1/runs/{runId}/start`: the caller begins an attempt.
 *
 * Body `{ attempt, holder?, takeOver? }`, attempts counted from 1. `holder` is the caller's name for itself (any unique text):
 * the same holder may say it again after a lost reply, anybody else gets 409. Without one the
 * `x-trigger-request-idempotency-key` header serves, and without that each call is somebody else.
 *
 * With `takeOver` a queue's lock decides who executes: the attempt begins whoever is thought to execute the run, and under
 * the next free number where its own is spent. The holder before it learns that from its next heartbeat (409).
 *
 * 200 everything that is needed to execute the run: `{ id, status, attempt, holder, task, tags, parentId?, rootId?,
 * metadata, initialMetadata, payload?, payloadType, maxAttempts?, maxDurationSeconds?, interruptions, batchId?,
 * idempotencyKey?, isTest?, queue?, priority?, createdAt, startedAt?, heartbeatIntervalMs }`; `payload` is the text in
 * the format of `payloadType`. 404 · 409 with `code`: `run_ended`, `attempt_taken`, `attempt_out_of_order`
 * (`x-should-retry: false`), `attempt_running` (the attempt before it was heard of within 60 s), `run_delayed`
 * and `queue_full` (`x-should-retry: true`, `Retry-After`).
 */
export function startAttemptRoute({ runs }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/engine/v1/runs/:runId/start",
    access: { kind: "secret-key" },
    body: { kind: "json", schema: startAttemptBody, limitBytes: LIMIT_BYTES },
    contract: {
      operationId: "startAttempt",
      tag: "Workers",
      summary: "Begin an attempt of a run",
      description:
        "Attempts count from 1. `holder` is the caller's name for itself: the same holder may say it again after a lost reply, anybody else gets 409. Without one the key of the call serves. With `takeOver` a queue's lock decides: the attempt begins whoever is thought to execute the run, under the next free number where its own is spent.",
      headers: REQUEST_KEY_HEADERS,
      replies: {
        200: { description: "What is needed to execute the run", schema: startAttemptReply },
        404: WORKER_NOT_FOUND,
        409: "`run_ended`, `attempt_taken`, `attempt_out_of_order`; `attempt_running`, `run_delayed` and `queue_full` say in `retryAfterMs` when to ask again",
      },
    },
    async handle(request) {
      const id = runIdParameter(request, workerNotFound);
      const body = jsonBody(request);
      const holder = body.holder ?? requestKey(request) ?? randomUUID();
      const { environment } = request.principal;
      const { attempt, takeOver } = body;
      const run = settledRun(await runs.start({ environment, id, attempt, holder, takeOver }));
      return jsonReply(200, {
        id,
        status: run.status,
        attempt: run.attempt,
        holder,
        task: run.task,
        tags: run.tags,
        parentId: run.parentId,
        rootId: run.rootId,
        metadata: JSON.parse(run.metadata) as unknown,
        payload: run.payload.data,
        payloadType: run.payload.dataType,
        maxAttempts: run.maxAttempts,
        maxDurationSeconds: run.maxDurationSeconds,
        interruptions: run.interruptions,
        initialMetadata: JSON.parse(run.initialMetadata) as unknown,
        batchId: run.batchId,
        idempotencyKey: shownIdempotencyKey(run),
        isTest: run.isTest,
        queue: run.queue,
        priority: run.priority,
        createdAt: run.createdAt.toISOString(),
        startedAt: run.startedAt?.toISOString(),
        heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
      });
    },
  });
}
