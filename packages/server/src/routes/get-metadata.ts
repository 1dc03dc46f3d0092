import { isRunId } from "@runmeta/runtime/protocol";
import { getMetadataReply } from "@runmeta/runtime/protocol/schemas";
import { HttpError } from "../http/http-error.ts";
import { textReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";

/** `GET /api/v1/runs/{runId}/metadata`: a run's document. */
export function getMetadataRoute({ runs }: Services): Route {
  return defineRoute({
    method: "GET",
    path: "/api/v1/runs/:runId{[^/]*}/metadata",
    access: { kind: "secret-key", unauthorized: "Invalid or Missing API Key" },
    body: { kind: "none" },
    contract: {
      operationId: "retrieveMetadata",
      tag: "Metadata",
      summary: "Retrieve a run's document",
      replies: {
        200: { description: "The document, `{}` when nothing was written", schema: getMetadataReply },
        400: "`Invalid or missing run ID`",
        404: "`Run not found`",
      },
    },
    async handle(request) {
      const id = request.param("runId");
      if (!isRunId(id)) throw new HttpError(400, "Invalid or missing run ID");
      const run = await runs.find(request.principal.environment, id);
      if (run === undefined) throw new HttpError(404, "Run not found");
      return textReply(200, `{"metadata":${run.metadata}}`);
    },
  });
}
