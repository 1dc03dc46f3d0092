import { retrieveRunReply } from "@runmeta/runtime/protocol/schemas";
import { HttpError } from "../http/http-error.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import { retrievedRun } from "../service/run-view.ts";
import type { Services } from "../service/services.ts";
import { inApiVersion } from "./api-version.ts";
import { readPermissions } from "./read-permissions.ts";
import { runIdParameter } from "./run-id-parameter.ts";

/** `GET /api/v3/runs/{runId}`: a run with its payload, output, document and relatives. */
export function retrieveRunRoute({ runs }: Services): Route {
  return defineRoute({
    method: "GET",
    path: "/api/v3/runs/:runId",
    access: {
      kind: "public-token",
      scopes: ["read:runs:{runId}", "read:tasks:{task}", "read:tags:{tag}", "read:batch:{batchId}"],
    },
    body: { kind: "none" },
    contract: {
      operationId: "retrieveRun",
      tag: "Runs",
      summary: "Retrieve a run",
      description: "With its payload, output, document and relatives.",
      replies: {
        200: { description: "The run", schema: retrieveRunReply },
        404: "`Not found`",
      },
    },
    async handle(request) {
      const id = runIdParameter(request, notFound);
      const family = await runs.retrieve(request.principal.environment, id);
      request.authorize(readPermissions(id, family?.run));
      if (family === undefined) throw notFound();
      return jsonReply(200, inApiVersion(request, retrievedRun(family)));
    },
  });
}

/** `false`: nothing lags behind here, and official clients would ask for 9 s otherwise. */
function notFound(): HttpError {
  return new HttpError(404, "Not found", { "x-should-retry": "false" });
}
