import { streamProgressReply } from "@runmeta/runtime/protocol/schemas";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { clientId, STREAM_NOT_FOUND, STREAM_PATH, writtenStream } from "./stream-parameter.ts";

/** `HEAD` (or `GET`) `/realtime/v1/streams/{runId}/{target}/{streamKey}`: where a writer goes on after a lost connection. */
export function streamProgressRoute({ feed, streams }: Services): Route {
  return defineRoute({
    method: "GET",
    path: STREAM_PATH,
    access: { kind: "secret-key" },
    body: { kind: "none" },
    contract: {
      operationId: "streamProgress",
      tag: "Streams",
      summary: "How far a writer of a stream is",
      description:
        "Official clients ask with HEAD. A writer whose connection broke goes on with the next chunk.",
      headers: { "x-client-id": "Names the writer, `default` unless given." },
      replies: {
        200: {
          description: "Index of the last chunk that is stored; -1 when none is",
          schema: streamProgressReply,
          headers: { "x-last-chunk-index": "The same." },
        },
        400: "`X-Client-Id is longer than 256 characters`",
        404: STREAM_NOT_FOUND,
        422: "The key cannot be one",
      },
    },
    async handle(request) {
      const client = clientId(request);
      const { run, key } = await writtenStream(request, feed);
      const lastChunkIndex = await streams.lastChunkIndex({ runId: run.id, key }, client);
      return jsonReply(200, { lastChunkIndex }, { "x-last-chunk-index": String(lastChunkIndex) });
    },
  });
}
