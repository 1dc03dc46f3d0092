import { isEnded } from "@runmeta/runtime/protocol";
import { createStreamReply } from "@runmeta/runtime/protocol/schemas";
import { z } from "zod";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { MAX_STREAMS } from "../service/streams/stream-limits.ts";
import { plainRefusal, STREAM_NOT_FOUND, STREAM_PATH, writtenStream } from "./stream-parameter.ts";
import { streamRefusal } from "./stream-refusal.ts";

const COMPLETED = "Cannot initialize a realtime stream on a completed run";

/** `PUT /realtime/v1/streams/{runId}/{target}/{streamKey}`: makes a stream known to those who follow its run. */
export function createStreamRoute({ feed, streams }: Services): Route {
  return defineRoute({
    method: "PUT",
    path: STREAM_PATH,
    access: { kind: "secret-key" },
    body: { kind: "none" },
    contract: {
      operationId: "createStream",
      tag: "Streams",
      summary: "Make a stream of a run",
      description: `Adds the key to the run's \`realtimeStreams\`, once; repeatable. A run has at most ${MAX_STREAMS} streams. \`v1\`: chunks are sent to this server.`,
      replies: {
        202: { description: "It is there", schema: createStreamReply },
        400: { description: `\`${COMPLETED}\``, schema: z.string(), mediaType: "text/plain" },
        404: STREAM_NOT_FOUND,
        422: `\`A run has at most ${MAX_STREAMS} streams\`; a key that cannot be one`,
      },
    },
    async handle(request) {
      const { run, key } = await writtenStream(request, feed);
      if (isEnded(run.status)) return plainRefusal(400, COMPLETED);
      try {
        await streams.create({ runId: run.id, key }, run.realtimeStreams);
      } catch (error) {
        throw streamRefusal(error);
      }
      return jsonReply(202, { version: "v1" });
    },
  });
}
