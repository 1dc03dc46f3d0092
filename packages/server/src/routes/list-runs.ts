import { listRunsQuery, listRunsReply } from "@runmeta/runtime/protocol/schemas";
import { permission } from "../auth/scopes.ts";
import { queryParameters } from "../http/query-parameters.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Clock } from "../service/clock.ts";
import { pageSide } from "../service/cursor-page.ts";
import { listedRun } from "../service/run-view.ts";
import type { Services } from "../service/services.ts";
import { inApiVersion } from "./api-version.ts";
import { createdBetween } from "./created-between.ts";
import { everyTask } from "./every-task.ts";
import { metadataFilter } from "./metadata-filter.ts";

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
        "A filter with several values, joined by commas, matches any of them; several filters must all match. `filter[metadata][key]=value` finds runs by their documents: `key` is a key, or a path of keys joined by dots, and `value` the text of what stands there: a text, a number, `true`, `false` or `null`. Up to 10 such filters. A change of a document counts about a quarter of a second after it; the first 64 such values of a document are looked at, and none in lists. `pagination.next` and `pagination.previous` are the cursors of the neighbouring pages, left out where there is none.",
      replies: { 200: { description: "A page of runs", schema: listRunsReply } },
    },
    async handle(request) {
      const query = queryParameters(request);
      const tasks = query["filter[taskIdentifier]"];
      if (!everyTask(request, "read", tasks))
        request.authorize([permission("read", "runs"), permission("read", "tasks")]);
      // There are no schedules, bulk actions and fingerprints here, so nothing belongs to one.
      if (query["filter[schedule]"] ?? query["filter[bulkAction]"] ?? query["filter[error]"])
        return jsonReply(200, { data: [], pagination: {} });
      const page = await runs.list({
        environment: request.principal.environment,
        limit: query["page[size]"],
        ...pageSide(query["page[after]"], query["page[before]"]),
        status: query["filter[status]"],
        tasks,
        tags: query["filter[tag]"],
        queues: query["filter[queue]"],
        batchId: query["filter[batch]"],
        machines: query["filter[machine]"],
        versions: query["filter[version]"],
        regions: query["filter[region]"],
        isTest: query["filter[isTest]"],
        metadata: metadataFilter(request.query()),
        ...createdBetween(query, clock.now()),
      });
      return jsonReply(200, {
        data: page.runs.map((run) => inApiVersion(request, listedRun(run))),
        pagination: { next: page.next, previous: page.previous },
      });
    },
  });
}
