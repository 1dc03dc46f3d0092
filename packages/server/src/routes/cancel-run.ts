import { HttpError } from "../http/http-error.ts";
import { jsonReply } from "../http/reply.ts";
import type { Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { runIdParameter } from "./run-id-parameter.ts";

/** `POST /api/v2/runs/{runId}/cancel`: ends a run that has not ended; repeatable. */
export function cancelRunRoute({ runs }: Services): Route {
  return {
    method: "POST",
    path: "/api/v2/runs/:runId/cancel",
    access: { kind: "public-token" },
    body: { kind: "none" },
    async handle(request) {
      const id = runIdParameter(request, notFound);
      const run = await runs.cancel(request.principal.environment, id);
      if (run === undefined) throw notFound();
      return jsonReply(200, { id: run.id });
    },
  };
}

function notFound(): HttpError {
  return new HttpError(404, "Resource not found");
}
