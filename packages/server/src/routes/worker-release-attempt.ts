import { completeAttemptReply, releaseAttemptBody } from "@runmeta/runtime/protocol/schemas";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { runIdParameter } from "./run-id-parameter.ts";
import { settledRun, WORKER_NOT_FOUND, workerNotFound } from "./worker-reply.ts";

const LIMIT_BYTES = 16 * 1024;

/**
 * `POST /engine/v1/runs/{runId}/release`: a worker that has to go gives a run back; it is queued again.
 *
 * Body `{ attempt, holder, interrupted }`. 200 `{ id, status, attempt }` · 404 · 409 with `code`: `run_ended`,
 * `attempt_taken`, `attempt_out_of_order`.
 */
export function releaseAttemptRoute({ runs }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/engine/v1/runs/:runId/release",
    access: { kind: "secret-key" },
    body: { kind: "json", schema: releaseAttemptBody, limitBytes: LIMIT_BYTES },
    contract: {
      operationId: "releaseAttempt",
      tag: "Workers",
      summary: "Give a run back",
      description:
        "The run is queued again. With `interrupted` its attempt had begun: the next one follows, and does not count against the task.",
      replies: {
        200: { description: "How the run stands", schema: completeAttemptReply },
        404: WORKER_NOT_FOUND,
        409: "`run_ended`, `attempt_taken`, `attempt_out_of_order`",
      },
    },
    async handle(request) {
      const id = runIdParameter(request, workerNotFound);
      const { attempt, holder, interrupted } = jsonBody(request);
      const { environment } = request.principal;
      const run = settledRun(await runs.release({ environment, id, attempt, holder }, { interrupted }));
      return jsonReply(200, { id, status: run.status, attempt: run.attempt });
    },
  });
}
