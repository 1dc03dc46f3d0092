import { listSessionsQuery, listSessionsReply } from "@runmeta/runtime/protocol/schemas";
import { permission } from "../auth/scopes.ts";
import { queryParameters } from "../http/query-parameters.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Clock } from "../service/clock.ts";
import { pageSide } from "../service/cursor-page.ts";
import type { Services } from "../service/services.ts";
import { listedSession } from "../service/session-view.ts";
import { createdBetween } from "./created-between.ts";
import { everyTask } from "./every-task.ts";

/** `GET /api/v1/sessions`: a page of sessions, newest first. */
export function listSessionsRoute({ sessions }: Services, clock: Clock): Route {
  return defineRoute({
    method: "GET",
    path: "/api/v1/sessions",
    access: { kind: "public-token", scopes: ["read:sessions", "read:tasks", "read:tasks:{taskIdentifier}"] },
    body: { kind: "none" },
    query: listSessionsQuery,
    contract: {
      operationId: "listSessions",
      tag: "Sessions",
      summary: "List sessions, newest first",
      description:
        "A filter with several values, joined by commas, matches any of them; several filters must all match. `pagination.next` and `pagination.previous` are the cursors of the neighbouring pages, left out where there is none.",
      replies: { 200: { description: "A page of sessions", schema: listSessionsReply } },
    },
    async handle(request) {
      const query = queryParameters(request);
      if (!everyTask(request, "read", query["filter[taskIdentifier]"])) {
        request.authorize([permission("read", "sessions"), permission("read", "tasks")]);
      }
      const now = clock.now();
      const page = await sessions.list({
        environment: request.principal.environment,
        limit: query["page[size]"],
        ...pageSide(query["page[after]"], query["page[before]"]),
        types: query["filter[type]"],
        tags: query["filter[tags]"],
        tasks: query["filter[taskIdentifier]"],
        externalId: query["filter[externalId]"],
        statuses: query["filter[status]"],
        now,
        ...createdBetween(query, now),
      });
      return jsonReply(200, {
        data: page.rows.map(listedSession),
        pagination: { next: page.next, previous: page.previous },
      });
    },
  });
}
