import { MAX_TRIGGER_BODY_BYTES } from "@runmeta/runtime/protocol";
import { triggerTaskBody, triggerTaskReply } from "@runmeta/runtime/protocol/schemas";
import { oneTimeTokenOf } from "../auth/principal.ts";
import { permission } from "../auth/scopes.ts";
import { HttpError } from "../http/http-error.ts";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { REQUEST_KEY_HEADERS, requestKey } from "../http/request-key.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { HANDLE_TOKEN_HEADERS, handleToken } from "./handle-token.ts";
import { taskIdParameter } from "./task-id-parameter.ts";
import { triggerRefusal } from "./trigger-refusal.ts";

/** `POST /api/v1/tasks/{taskId}/trigger`: stores a run for the engine. */
export function triggerTaskRoute({ runs }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/api/v1/tasks/:taskId/trigger",
    access: { kind: "public-token", scopes: ["trigger:tasks:{taskId}"] },
    body: { kind: "json", schema: triggerTaskBody, limitBytes: MAX_TRIGGER_BODY_BYTES },
    contract: {
      operationId: "triggerTask",
      tag: "Tasks",
      summary: "Trigger a task",
      description:
        "Stores a run for the engine. A run with the same `options.idempotencyKey` of the same task is answered instead of a new one, with `isCached: true`. Options that are not listed are ignored.",
      headers: REQUEST_KEY_HEADERS,
      replies: {
        200: {
          description: "The run is stored",
          schema: triggerTaskReply,
          headers: HANDLE_TOKEN_HEADERS,
        },
        400: "`Invalid metadata`",
        404: "`Task not found`",
        413: "`Metadata exceeds maximum size of N bytes`",
        422: "More than ten tags, a delay that is none, a one-time token that has been used, or the like",
      },
    },
    async handle(request) {
      const key = requestKey(request);
      const body = jsonBody(request);
      const task = taskIdParameter(request, () => new HttpError(404, "Task not found"));
      request.authorize([permission("trigger", "tasks", task)]);
      const { environment } = request.principal;
      const result = await runs.trigger({
        environment,
        task,
        payload: body.payload,
        options: body.options,
        requestKey: key,
        oneTimeToken: oneTimeTokenOf(request.principal),
      });
      if (!result.ok) throw triggerRefusal(result);
      const { id } = result.run;
      return jsonReply(
        200,
        { id, isCached: result.isCached },
        await handleToken(request, [`read:runs:${id}`, `write:inputStreams:${id}`]),
      );
    },
  });
}
