import { runIdReply } from "@runmeta/runtime/protocol/schemas";
import { permission } from "../auth/scopes.ts";
import { HttpError } from "../http/http-error.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { runIdParameter } from "./run-id-parameter.ts";

/** `POST /api/v2/runs/{runId}/cancel`: ends a run that has not ended; repeatable. */
export function cancelRunRoute({ runs }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/api/v2/runs/:runId/cancel",
    access: { kind: "public-token", scopes: ["write:runs:{runId}", "write:tasks:{task}"] },
    body: { kind: "none" },
    contract: {
      operationId: "cancelRun",
      tag: "Runs",
      summary: "Cancel a run",
      description: "Ends a run that has not ended; repeatable.",
      replies: {
        200: { description: "The run has ended", schema: runIdReply },
        404: "`Resource not found`",
      },
    },
    async handle(request) {
      const id = runIdParameter(request, notFound);
      const { environment } = request.principal;
      const found = await runs.find(environment, id);
      request.authorize([
        permission("write", "runs", id),
        ...(found === undefined ? [] : [permission("write", "tasks", found.task)]),
      ]);
      const run = found && (await runs.cancel(environment, id));
      if (run === undefined) throw notFound();
      return jsonReply(200, { id: run.id });
    },
  });
}

function notFound(): HttpError {
  return new HttpError(404, "Resource not found");
}
