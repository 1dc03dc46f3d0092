import { isRunId } from "@runmeta/runtime/protocol";
import { HttpError } from "../http/http-error.ts";
import { textReply } from "../http/reply.ts";
import type { Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";

/** `GET /api/v1/runs/{runId}/metadata`: a run's document. */
export function getMetadataRoute({ runs }: Services): Route {
  return {
    method: "GET",
    path: "/api/v1/runs/:runId{[^/]*}/metadata",
    access: { kind: "secret-key", unauthorized: "Invalid or Missing API Key" },
    body: { kind: "none" },
    async handle(request) {
      const id = request.param("runId");
      if (!isRunId(id)) throw new HttpError(400, "Invalid or missing run ID");
      const run = await runs.find(request.principal.environment, id);
      if (run === undefined) throw new HttpError(404, "Run not found");
      return textReply(200, `{"metadata":${run.metadata}}`);
    },
  };
}
