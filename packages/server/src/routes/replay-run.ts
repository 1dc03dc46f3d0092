import { MAX_TRIGGER_BODY_BYTES } from "@runmeta/runtime/protocol";
import { replayRunBody, runIdReply } from "@runmeta/runtime/protocol/schemas";
import { HttpError } from "../http/http-error.ts";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { REQUEST_KEY_HEADERS, requestKey } from "../http/request-key.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { runIdParameter } from "./run-id-parameter.ts";
import { triggerRefusal } from "./trigger-refusal.ts";

/** `POST /api/v1/runs/{runId}/replay`: triggers a run's task once more. */
export function replayRunRoute({ runs }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/api/v1/runs/:runId/replay",
    access: { kind: "secret-key" },
    body: { kind: "json", schema: replayRunBody, limitBytes: MAX_TRIGGER_BODY_BYTES },
    contract: {
      operationId: "replayRun",
      tag: "Runs",
      summary: "Trigger the task of a run once more",
      description:
        "With the payload, tags, queue, concurrency key, machine and region of the run, and the metadata it was triggered with; what the body says wins. Without a body nothing is changed.",
      headers: REQUEST_KEY_HEADERS,
      replies: {
        200: { description: "The new run, or the one that the idempotency key found", schema: runIdReply },
        400: "`Failed to create new run`: its task is not known any more",
        404: "`Run not found`",
        422: "More than ten tags, a delay that is none, or the like",
      },
    },
    async handle(request) {
      const key = requestKey(request);
      const overrides = jsonBody(request);
      const id = runIdParameter(request, notFound);
      const result = await runs.replay(request.principal.environment, id, overrides, key);
      if (result === undefined) throw notFound();
      if (result.ok) return jsonReply(200, { id: result.run.id });
      // No fault of this request's.
      if (result.reason === "task-not-found") throw new HttpError(400, "Failed to create new run");
      throw triggerRefusal(result);
    },
  });
}

function notFound(): HttpError {
  return new HttpError(404, "Run not found");
}
