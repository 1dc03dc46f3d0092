import { createBatchBody } from "@runmeta/runtime/protocol/schemas";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import type { Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { tokenClaims } from "./token-claims.ts";

/** The body is a handful of numbers and up to 1,000 task ids. */
const LIMIT_BYTES = 1024 * 1024;

/** `POST /api/v3/batches`: phase one, announces how many runs come. */
export function createBatchRoute({ batches }: Services): Route {
  return {
    method: "POST",
    path: "/api/v3/batches",
    access: { kind: "public-token" },
    body: { kind: "bytes", limitBytes: LIMIT_BYTES },
    async handle(request) {
      const body = jsonBody(request, createBatchBody);
      const { environment } = request.principal;
      const { batch, isCached } = await batches.create({
        environment,
        runCount: body.runCount,
        parentId: body.parentRunId,
        resumeParentOnCompletion: body.resumeParentOnCompletion ?? false,
        idempotencyKey: body.idempotencyKey,
      });
      return jsonReply(
        isCached ? 200 : 202,
        { id: batch.id, runCount: batch.runCount, isCached, idempotencyKey: batch.idempotencyKey },
        tokenClaims(environment),
      );
    },
  };
}
