import { isEnded } from "@runmeta/runtime/protocol";
import { z } from "zod";
import { HttpError } from "../http/http-error.ts";
import { eventsReply, textReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import { runEvents } from "../service/realtime/run-events.ts";
import type { Services } from "../service/services.ts";
import { readPermissions } from "./read-permissions.ts";
import { runIdParameter } from "./run-id-parameter.ts";
import { followed, requireRoom } from "./subscriber.ts";

/** `GET /api/v1/runs/{runId}/events`: a run as it is, then after each change, until it has ended. */
export function runEventsRoute({ feed }: Services): Route {
  return defineRoute({
    method: "GET",
    path: "/api/v1/runs/:runId/events",
    access: {
      kind: "public-token",
      scopes: ["read:runs:{runId}", "read:tasks:{task}", "read:tags:{tag}", "read:batch:{batchId}"],
    },
    body: { kind: "none" },
    contract: {
      operationId: "followRun",
      tag: "Realtime",
      summary: "Follow a run",
      description:
        "Server-sent events: the run as `GET /api/v3/runs/{runId}` gives it, without relatives, then again after each change, until it has ended. Of changes that come faster than they are read only the newest is sent. An event's id is the run's version; a comment comes every 15 seconds.",
      headers: {
        "last-event-id":
          "The id of the last event that was seen: nothing comes twice then. What is no id of this server is ignored.",
      },
      replies: {
        200: { description: "The events", schema: z.string(), mediaType: "text/event-stream" },
        204: { description: "The run has ended, and its last event was seen" },
        400: "`Last-Event-ID` is newer than the run: it is another run's",
        404: "`Not found`",
        429: "`Too many concurrent requests`",
      },
    },
    async handle(request) {
      const id = runIdParameter(request, notFound);
      const run = await feed.run(request.principal.environment, id);
      request.authorize(readPermissions(id, run?.value));
      if (run === undefined) throw notFound();
      const known = versionOf(request.header("last-event-id"));
      if (known !== undefined && known > run.value.version)
        throw new HttpError(400, `Last-Event-ID ${known} is newer than the run: it is not one of its events`);
      // What tells a browser not to come back.
      if (known === run.value.version && isEnded(run.value.status)) return textReply(204, null);
      requireRoom(feed);
      return eventsReply((signal) => followed(feed, runEvents(feed, run, known, signal)));
    },
  });
}

function versionOf(eventId: string | undefined): number | undefined {
  return eventId !== undefined && /^\d{1,15}$/.test(eventId) ? Number(eventId) : undefined;
}

function notFound(): HttpError {
  return new HttpError(404, "Not found", { "x-should-retry": "false" });
}
