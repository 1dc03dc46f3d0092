import { exceedsDepth } from "@runmeta/runtime/protocol";
import { rescheduleRunBody, retrieveRunReply } from "@runmeta/runtime/protocol/schemas";
import { HttpError } from "../http/http-error.ts";
import { parseJson, requireJsonContentType } from "../http/parse-json.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route, type RouteRequest } from "../http/route.ts";
import { retrievedRun } from "../service/run-view.ts";
import type { Services } from "../service/services.ts";
import { inApiVersion } from "./api-version.ts";
import { runIdParameter } from "./run-id-parameter.ts";

const LIMIT_BYTES = 16 * 1024;

/** `POST /api/v1/runs/{runId}/reschedule`: gives a delayed run another time. */
export function rescheduleRunRoute({ runs }: Services): Route {
  return defineRoute({
    method: "POST",
    path: "/api/v1/runs/:runId/reschedule",
    access: { kind: "secret-key", unauthorized: "Invalid or missing API Key" },
    body: { kind: "json", schema: rescheduleRunBody, limitBytes: LIMIT_BYTES },
    contract: {
      operationId: "rescheduleRun",
      tag: "Runs",
      summary: "Give a delayed run another time",
      description: "Its time to live counts from the new time. A time that has passed makes the run due.",
      replies: {
        200: { description: "The run", schema: retrieveRunReply },
        400: "`Cannot reschedule a run that is not delayed`, `Invalid delay: X`, or `Invalid request body`",
        404: "`Run not found`",
      },
    },
    async handle(request) {
      const delay = parseDelayOf(request);
      const id = runIdParameter(request, notFound);
      const { environment } = request.principal;
      const result = await runs.reschedule(environment, id, delay);
      if (result.status === "not-found") throw notFound();
      if (result.status === "refused") throw new HttpError(400, result.message);
      const family = await runs.retrieve(environment, id);
      if (family === undefined) throw notFound();
      return jsonReply(200, inApiVersion(request, retrievedRun(family)));
    },
  });
}

function parseDelayOf(request: RouteRequest<typeof rescheduleRunBody>): string {
  requireJsonContentType(request.header("content-type"));
  const parsed = parseJson(request.body, exceedsDepth);
  const checked = request.schema.safeParse(parsed.ok ? parsed.value : undefined);
  if (checked.success) return checked.data.delay;
  throw new HttpError(400, "Invalid request body");
}

function notFound(): HttpError {
  return new HttpError(404, "Run not found");
}
