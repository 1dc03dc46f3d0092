import { z } from "zod";
import { queryParameters } from "../http/query-parameters.ts";
import { eventsReply, type Reply } from "../http/reply.ts";
import { defineRoute, type Route, type RouteRequest } from "../http/route.ts";
import type { Clock } from "../service/clock.ts";
import { groupEvents } from "../service/realtime/run-events.ts";
import type { RunFeed } from "../service/realtime/run-feed.ts";
import type { Services } from "../service/services.ts";
import type { RunGroup } from "../storage/storage.ts";
import { runsOfBatch, taggedRuns, taggedRunsQuery } from "./run-group.ts";
import { followed, requireRoom } from "./subscriber.ts";

const DESCRIPTION =
  "Server-sent events, each with a list of runs as `GET /api/v3/runs/{runId}` gives them, without relatives: first all of them (the newest 1,000, at most 32 MiB), then those that changed, each in its newest state. Has no end. An event's id is a position that every server on the database knows; a comment comes every 15 seconds.";
const LAST_EVENT_ID = {
  "last-event-id":
    "The id of the last event that was seen: only what changed since comes then. Where that cannot be told, all runs come.",
};
const REPLIES = {
  200: { description: "The events", schema: z.string(), mediaType: "text/event-stream" },
  429: "`Too many concurrent requests`",
};

/** `GET /api/v1/runs/events`: runs by their tags. */
export function taggedRunsEventsRoute({ feed }: Services, clock: Clock): Route {
  return defineRoute({
    method: "GET",
    path: "/api/v1/runs/events",
    access: { kind: "public-token", scopes: ["read:runs", "read:tags", "read:tags:{tag}"] },
    body: { kind: "none" },
    query: taggedRunsQuery,
    contract: {
      operationId: "followTaggedRuns",
      tag: "Realtime",
      summary: "Follow the runs that have some tags",
      description: DESCRIPTION,
      headers: LAST_EVENT_ID,
      replies: REPLIES,
    },
    handle: async (request) =>
      await follow(feed, taggedRuns(request, queryParameters(request), clock.now()), request),
  });
}

/** `GET /api/v1/batches/{batchId}/events`: the runs of a batch. */
export function batchEventsRoute({ feed, batches }: Services): Route {
  return defineRoute({
    method: "GET",
    path: "/api/v1/batches/:batchId/events",
    access: { kind: "public-token", scopes: ["read:batch:{batchId}", "read:runs"] },
    body: { kind: "none" },
    contract: {
      operationId: "followBatch",
      tag: "Realtime",
      summary: "Follow the runs of a batch",
      description: DESCRIPTION,
      headers: LAST_EVENT_ID,
      replies: { ...REPLIES, 404: "`Not found`" },
    },
    async handle(request) {
      const group = await runsOfBatch(request, batches);
      return await follow(feed, group, request);
    },
  });
}

async function follow(feed: RunFeed, group: RunGroup, request: Pick<RouteRequest, "header">): Promise<Reply> {
  requireRoom(feed);
  const since = request.header("last-event-id");
  const changed = since === undefined ? undefined : await feed.group(group, since);
  const look = changed ?? (await feed.group(group));
  if (look === undefined) throw new Error("a look at a group from its beginning always gives one");
  const resumed = changed !== undefined;
  return eventsReply((signal) => followed(feed, groupEvents(feed, group, look, resumed, signal)));
}
