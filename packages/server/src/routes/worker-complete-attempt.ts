import { MAX_TRIGGER_BODY_BYTES } from "@runmeta/runtime/protocol";
import { completeAttemptBody, completeAttemptReply } from "@runmeta/runtime/protocol/schemas";
import type { z } from "zod";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { AttemptOutcome } from "../service/attempt-request.ts";
import { toPacket } from "../service/packet.ts";
import type { Services } from "../service/services.ts";
import { runIdParameter } from "./run-id-parameter.ts";
import { settledRun, WORKER_NOT_FOUND, workerNotFound } from "./worker-reply.ts";

/**
 * `POST /engine/v1/runs/{runId}/complete`: an attempt has ended.
 *
 * Body `{ ok: true, output?, outputType?, attempt?, holder? }`; `output` is a JSON value, or the text in the format of
 * `outputType` when that is given.
 * Or `{ ok: false, error: { name?, message, stackTrace? }, retryAfterMs?, status?, attempt?, holder? }`: with
 * `retryAfterMs` (0 allowed) the run waits so long and is open for the next attempt; without it the run has ended, as
 * FAILED or as `status` says (CRASHED, SYSTEM_FAILURE, TIMED_OUT, CANCELED).
 *
 * 200 `{ id, status, attempt }`, also when it was said before or the run was cancelled meanwhile: the first word
 * stands and `status` tells it. 404 · 409 with `code`: `attempt_taken`, `attempt_out_of_order` (a later attempt runs),
 * `run_ended` (`x-should-retry: false`).
 */
export function completeAttemptRoute({ runs }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/engine/v1/runs/:runId/complete",
    access: { kind: "secret-key" },
    body: { kind: "json", schema: completeAttemptBody, limitBytes: MAX_TRIGGER_BODY_BYTES },
    contract: {
      operationId: "completeAttempt",
      tag: "Workers",
      summary: "Say how an attempt ended",
      description:
        "With `retryAfterMs` the run waits so long and is open for the next attempt; without it the run has ended. Repeatable: the first word stands, and the reply tells it.",
      replies: {
        200: { description: "How the run stands", schema: completeAttemptReply },
        404: WORKER_NOT_FOUND,
        409: "`run_ended`, `attempt_taken`, `attempt_out_of_order`",
      },
    },
    async handle(request) {
      const id = runIdParameter(request, workerNotFound);
      const body = jsonBody(request);
      const { attempt, holder } = body;
      const { environment } = request.principal;
      const run = settledRun(await runs.complete({ environment, id, attempt, holder }, outcomeOf(body)));
      return jsonReply(200, { id, status: run.status, attempt: run.attempt });
    },
  });
}

function outcomeOf(body: z.output<typeof completeAttemptBody>): AttemptOutcome {
  if (!body.ok) return { ok: false, error: body.error, status: body.status, retryAfterMs: body.retryAfterMs };
  return { ok: true, output: body.output === undefined ? undefined : toPacket(body.output, body.outputType) };
}
