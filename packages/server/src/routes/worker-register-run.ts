import { MAX_TRIGGER_BODY_BYTES } from "@runmeta/runtime/protocol";
import { registerRunBody, registerRunReply } from "@runmeta/runtime/protocol/schemas";
import { HttpError } from "../http/http-error.ts";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { runIdParameter } from "./run-id-parameter.ts";
import { isTaskId } from "./task-id-parameter.ts";
import { triggerRefusal } from "./trigger-refusal.ts";
import { workerNotFound } from "./worker-reply.ts";

/**
 * `PUT /engine/v1/runs/{runId}`: creates a run that the caller executes. Repeatable: a run that is there stays as it is.
 *
 * Body `{ task, parentId?, rootId?, tags?, metadata?, payload?, payloadType?, maxAttempts? }`.
 * 201 created, 200 there already: `{ id, status, attempt, created, metadata }`.
 * 400 `Invalid metadata` · 404 an impossible run id · 409 the id belongs to another environment · 413 · 422 tags.
 */
export function registerRunRoute({ runs }: Services): Route {
  return defineRoute({
    method: "PUT",
    path: "/engine/v1/runs/:runId",
    access: { kind: "secret-key" },
    body: { kind: "json", schema: registerRunBody, limitBytes: MAX_TRIGGER_BODY_BYTES },
    contract: {
      operationId: "registerRun",
      tag: "Workers",
      summary: "Create a run that the caller executes",
      description:
        "Repeatable: a run that is there stays as it is. No engine ever takes it up. `payload` is a JSON value, or the text in the format of `payloadType` when that is given.",
      replies: {
        201: { description: "Created", schema: registerRunReply },
        200: { description: "It was there", schema: registerRunReply },
        400: "`Invalid metadata`",
        404: "An id that no run can have",
        409: "`id_taken`: the id belongs to another environment",
        413: "`Metadata exceeds maximum size of N bytes`",
        422: "More than ten tags",
      },
    },
    async handle(request) {
      const id = runIdParameter(request, workerNotFound);
      const body = jsonBody(request);
      if (!isTaskId(body.task)) throw new HttpError(400, 'Validation error: not a task id at "task"');
      const result = await runs.register({ ...body, environment: request.principal.environment, id });
      if (!result.ok && result.reason === "id-taken") {
        throw new HttpError(409, { error: result.message, code: "id_taken" }, { "x-should-retry": "false" });
      }
      if (!result.ok) throw triggerRefusal(result);
      const { run, created } = result;
      return jsonReply(created ? 201 : 200, {
        id,
        status: run.status,
        attempt: run.attempt,
        created,
        metadata: JSON.parse(run.metadata) as unknown,
      });
    },
  });
}
