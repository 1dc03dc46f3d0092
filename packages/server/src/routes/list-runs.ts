import { listRunsQuery, listRunsReply } from "@runmeta/runtime/protocol/schemas";
import { permission } from "../auth/scopes.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Clock } from "../service/clock.ts";
import { listedRun } from "../service/run-view.ts";
import type { Services } from "../service/services.ts";
import { inApiVersion } from "./api-version.ts";
import { everyTask } from "./every-task.ts";
import { parseListQuery } from "./list-query.ts";

/** `GET /api/v1/runs`: a page of runs, newest first. */
export function listRunsRoute({ runs }: Services, clock: Clock): Route {
  return defineRoute({
    method: "GET",
    path: "/api/v1/runs",
    access: { kind: "public-token", scopes: ["read:runs", "read:tasks", "read:tasks:{taskId}"] },
    body: { kind: "none" },
    query: listRunsQuery,
    contract: {
      operationId: "listRuns",
      tag: "Runs",
      summary: "List runs, newest first",
      description:
        "A filter with several values, joined by commas, matches any of them; several filters must all match. `pagination.next` and `pagination.previous` are the cursors of the neighbouring pages, left out where there is none.",
      replies: { 200: { description: "A page of runs", schema: listRunsReply } },
    },
    async handle(request) {
      const query = parseListQuery(request.query(), request.principal.environment, clock.now());
      if (!everyTask(request, "read", query?.tasks))
        request.authorize([permission("read", "runs"), permission("read", "tasks")]);
      if (query === undefined) return jsonReply(200, { data: [], pagination: {} });
      const page = await runs.list(query);
      return jsonReply(200, {
        data: page.runs.map((run) => inApiVersion(request, listedRun(run))),
        pagination: { next: page.next, previous: page.previous },
      });
    },
  });
}
