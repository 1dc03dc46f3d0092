import { heartbeatBody, heartbeatReply } from "@runmeta/runtime/protocol/schemas";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { runIdParameter } from "./run-id-parameter.ts";
import { settledRun, WORKER_NOT_FOUND, workerNotFound } from "./worker-reply.ts";

const LIMIT_BYTES = 16 * 1024;

/**
 * `POST /engine/v1/runs/{runId}/heartbeat`: the attempt still runs; every 20 s.
 *
 * Body none, or `{ attempt?, holder? }` to be told when somebody else has taken over.
 * 200 `{ id, status, attempt, cancelled }`: with `cancelled: true` the worker should stop and need not complete the run.
 * 404 · 409 with `code`: `run_ended`, `attempt_taken`, `attempt_out_of_order` (`x-should-retry: false`).
 */
export function heartbeatRoute({ runs }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/engine/v1/runs/:runId/heartbeat",
    access: { kind: "secret-key" },
    body: { kind: "json", schema: heartbeatBody, limitBytes: LIMIT_BYTES },
    contract: {
      operationId: "heartbeatAttempt",
      tag: "Workers",
      summary: "Say that an attempt still runs",
      description: "Every 20 s; who is silent for 60 s loses the run to the next attempt.",
      replies: {
        200: { description: "Heard; with `cancelled` the worker should stop", schema: heartbeatReply },
        404: WORKER_NOT_FOUND,
        409: "`run_ended`, `attempt_taken`, `attempt_out_of_order`",
      },
    },
    async handle(request) {
      const id = runIdParameter(request, workerNotFound);
      const { attempt, holder } = jsonBody(request);
      const { environment } = request.principal;
      const run = settledRun(await runs.heartbeat({ environment, id, attempt, holder }));
      return jsonReply(200, {
        id,
        status: run.status,
        attempt: run.attempt,
        cancelled: run.status === "CANCELED" || run.cancelRequestedAt !== undefined,
      });
    },
  });
}
