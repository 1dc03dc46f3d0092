import { MAX_TRIGGER_BODY_BYTES } from "@runmeta/runtime/protocol";
import { triggerTaskBody } from "@runmeta/runtime/protocol/schemas";
import { HttpError } from "../http/http-error.ts";
import { jsonBody } from "../http/json-body.ts";
import { jsonReply } from "../http/reply.ts";
import { requestKey } from "../http/request-key.ts";
import type { Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { taskIdParameter } from "./task-id-parameter.ts";
import { tokenClaims } from "./token-claims.ts";
import { triggerRefusal } from "./trigger-refusal.ts";

/** `POST /api/v1/tasks/{taskId}/trigger`: stores a run for the engine. */
export function triggerTaskRoute({ runs }: Services): Route {
  return {
    method: "POST",
    path: "/api/v1/tasks/:taskId/trigger",
    access: { kind: "public-token" },
    body: { kind: "bytes", limitBytes: MAX_TRIGGER_BODY_BYTES },
    async handle(request) {
      const key = requestKey(request);
      const body = jsonBody(request, triggerTaskBody);
      const task = taskIdParameter(request, () => new HttpError(404, "Task not found"));
      const { environment } = request.principal;
      const result = await runs.trigger({
        environment,
        task,
        payload: body.payload,
        options: body.options,
        requestKey: key,
      });
      if (!result.ok) throw triggerRefusal(result);
      return jsonReply(200, { id: result.run.id, isCached: result.isCached }, tokenClaims(environment));
    },
  };
}
