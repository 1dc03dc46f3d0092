import { z } from "zod";
import { HttpError } from "../http/http-error.ts";
import { eventsReply } from "../http/reply.ts";
import { defineRoute, type Route, type RouteRequest } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { positionOfEvent, streamEvents } from "../service/streams/stream-events.ts";
import { readPermissions } from "./read-permissions.ts";
import { runIdParameter } from "./run-id-parameter.ts";
import { streamKey } from "./stream-parameter.ts";
import { followed, requireRoom } from "./subscriber.ts";

/** Silence after which a reader that names no time is let go. */
const DEFAULT_SILENCE_SECONDS = 60;

/** `GET /realtime/v1/streams/{runId}/{streamKey}`: what a stream holds, then what is written to it. */
export function readStreamRoute({ feed, streams }: Services): Route {
  return defineRoute({
    method: "GET",
    path: "/realtime/v1/streams/:runId/:streamKey",
    access: {
      kind: "public-token",
      scopes: ["read:runs:{runId}", "read:tasks:{task}", "read:tags:{tag}", "read:batch:{batchId}"],
    },
    body: { kind: "none" },
    contract: {
      operationId: "readStream",
      tag: "Streams",
      summary: "Read a stream",
      description:
        "Server-sent events, one a chunk, from the first one on; `data` is the chunk. A stream that nobody has made yet is waited for. Ends once the run and all who wrote have ended, or after so many seconds without a chunk; a connection that breaks instead is to be made again, with `Last-Event-ID`. A comment comes every 15 seconds.",
      headers: {
        "last-event-id":
          "The id of the last event that was seen, or a chunk's place counted from 0: only what is behind it comes then. What is neither is ignored.",
        "timeout-seconds": `1 to 600, ${DEFAULT_SILENCE_SECONDS} unless given: seconds without a chunk after which the stream ends.`,
        "x-trigger-stream-start": "`latest`: only what is written from now on. `Last-Event-ID` wins.",
      },
      replies: {
        200: {
          description: "The chunks",
          schema: z.string(),
          mediaType: "text/event-stream",
          headers: { "x-stream-version": "`v1`" },
        },
        400: "`Timeout-Seconds must be a whole number from 1 to 600`",
        404: "`Run not found`",
        422: "The key cannot be one",
        429: "`Too many concurrent requests`",
      },
    },
    async handle(request) {
      const notFound = () => new HttpError(404, "Run not found", { "x-should-retry": "false" });
      const id = runIdParameter(request, notFound);
      const run = await feed.run(request.principal.environment, id);
      request.authorize(readPermissions(id, run?.value));
      if (run === undefined) throw notFound();
      const stream = { runId: id, key: streamKey(request) };
      const silenceMs = silenceSeconds(request) * 1000;
      const lastEventId = request.header("last-event-id");
      const latest =
        lastEventId === undefined && request.header("x-trigger-stream-start")?.toLowerCase() === "latest";
      const after = latest ? await streams.lastPosition(stream) : positionOfEvent(lastEventId);
      requireRoom(feed);
      const reply = eventsReply((signal) =>
        followed(feed, streamEvents(streams, stream, after, silenceMs, signal)),
      );
      return { ...reply, headers: { ...reply.headers, "x-stream-version": "v1" } };
    },
  });
}

function silenceSeconds(request: RouteRequest): number {
  const text = request.header("timeout-seconds");
  if (text === undefined) return DEFAULT_SILENCE_SECONDS;
  const seconds = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > 600)
    throw new HttpError(400, "Timeout-Seconds must be a whole number from 1 to 600");
  return seconds;
}
