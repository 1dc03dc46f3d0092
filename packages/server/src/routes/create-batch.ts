import { createBatchBody, createBatchReply } from "@runmeta/runtime/protocol/schemas";
import { oneTimeTokenOf } from "../auth/principal.ts";
import { permission } from "../auth/scopes.ts";
import { HttpError } from "../http/http-error.ts";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { REQUEST_KEY_HEADERS, requestKey } from "../http/request-key.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { everyTask } from "./every-task.ts";
import { HANDLE_TOKEN_HEADERS, handleToken } from "./handle-token.ts";

/** The body is a handful of numbers and up to 1,000 task ids. */
const LIMIT_BYTES = 1024 * 1024;

/** `POST /api/v3/batches`: phase one, announces how many runs come. */
export function createBatchRoute({ batches }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/api/v3/batches",
    access: {
      kind: "public-token",
      scopes: ["batchTrigger:batch", "batchTrigger:tasks", "batchTrigger:tasks:{taskId}"],
    },
    body: { kind: "json", schema: createBatchBody, limitBytes: LIMIT_BYTES },
    contract: {
      operationId: "createBatch",
      tag: "Batches",
      summary: "Announce a batch of runs",
      description:
        "Phase one of two: says how many runs come. Their items follow by `POST /api/v3/batches/{batchId}/items`.",
      headers: REQUEST_KEY_HEADERS,
      replies: {
        202: {
          description: "The batch is open for its items",
          schema: createBatchReply,
          headers: HANDLE_TOKEN_HEADERS,
        },
        200: {
          description: "A batch with this idempotency key is there; its items need not be sent",
          schema: createBatchReply,
          headers: HANDLE_TOKEN_HEADERS,
        },
        422: "The one-time token of the call has been used",
      },
    },
    async handle(request) {
      const key = requestKey(request);
      const body = jsonBody(request);
      if (!everyTask(request, "batchTrigger", body.taskIdentifiers)) {
        request.authorize([permission("batchTrigger", "batch"), permission("batchTrigger", "tasks")]);
      }
      const { environment } = request.principal;
      const created = await batches.create({
        environment,
        runCount: body.runCount,
        parentId: body.parentRunId,
        resumeParentOnCompletion: body.resumeParentOnCompletion ?? false,
        idempotencyKey: body.idempotencyKey,
        requestKey: key,
        oneTimeToken: oneTimeTokenOf(request.principal),
      });
      if (created === "token-used") {
        throw new HttpError(
          422,
          "Cannot batch trigger with a one-time use token as it has already been used.",
        );
      }
      const { batch, isCached } = created;
      return jsonReply(
        isCached ? 200 : 202,
        { id: batch.id, runCount: batch.runCount, isCached, idempotencyKey: batch.idempotencyKey },
        await handleToken(request, [`read:batch:${batch.id}`]),
      );
    },
  });
}
