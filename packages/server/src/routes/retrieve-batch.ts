import { retrieveBatchReply } from "@runmeta/runtime/protocol/schemas";
import { permission } from "../auth/scopes.ts";
import { HttpError } from "../http/http-error.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import { isBatchId, runIdsOf } from "../service/batch-service.ts";
import type { Services } from "../service/services.ts";

/** `GET /api/v2/batches/{batchId}`: where a batch stands, and its runs. */
export function retrieveBatchRoute({ batches }: Services): Route {
  return defineRoute({
    method: "GET",
    path: "/api/v2/batches/:batchId",
    access: { kind: "public-token", scopes: ["read:batch:{batchId}", "read:runs"] },
    body: { kind: "none" },
    contract: {
      operationId: "retrieveBatch",
      tag: "Batches",
      summary: "Retrieve a batch and the ids of its runs",
      replies: {
        200: { description: "The batch", schema: retrieveBatchReply },
        404: "`Not found`",
      },
    },
    async handle(request) {
      const id = request.param("batchId");
      request.authorize([permission("read", "batch", id), permission("read", "runs")]);
      const batch = isBatchId(id) ? await batches.find(request.principal.environment, id) : undefined;
      if (batch === undefined) throw new HttpError(404, "Not found", { "x-should-retry": "false" });
      return jsonReply(200, {
        id: batch.id,
        status: batches.statusOf(batch),
        idempotencyKey: batch.idempotencyKey,
        createdAt: batch.createdAt,
        updatedAt: batch.updatedAt,
        runCount: batch.runCount,
        runs: runIdsOf(batch),
        processing: { completedAt: batch.sealed ? batch.updatedAt : undefined, errors: [] },
      });
    },
  });
}
