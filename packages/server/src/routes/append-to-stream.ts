import { randomUUID } from "node:crypto";
import { IDEMPOTENCY_KEY_HEADER, isEnded } from "@runmeta/runtime/protocol";
import { appendToStreamReply } from "@runmeta/runtime/protocol/schemas";
import { z } from "zod";
import { HttpError } from "../http/http-error.ts";
import { readBody } from "../http/read-body.ts";
import { jsonReply } from "../http/reply.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { MAX_APPEND_BYTES } from "../service/streams/stream-limits.ts";
import { plainRefusal, STREAM_NOT_FOUND, STREAM_PATH, writtenStream } from "./stream-parameter.ts";
import { streamRefusal } from "./stream-refusal.ts";

const COMPLETED = "Cannot append to a realtime stream on a completed run";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `POST /realtime/v1/streams/{runId}/{target}/{streamKey}/append`: one chunk, a text, by a request of its own. */
export function appendToStreamRoute({ feed, streams }: Services): Route {
  return defineRoute({
    method: "POST",
    path: `${STREAM_PATH}/append`,
    access: { kind: "secret-key" },
    // Any text in any format: there is no schema for it, so it is read below.
    body: { kind: "none" },
    contract: {
      operationId: "appendToStream",
      tag: "Streams",
      summary: "Append a text to a stream",
      description: `The body, at most ${MAX_APPEND_BYTES} bytes of UTF-8, becomes one chunk: a string.`,
      headers: {
        "x-part-id":
          "Names this text: sent again it is stored once. `x-trigger-request-idempotency-key` unless given.",
      },
      replies: {
        200: { description: "It is stored", schema: appendToStreamReply },
        400: { description: `\`${COMPLETED}\``, schema: z.string(), mediaType: "text/plain" },
        404: STREAM_NOT_FOUND,
        413: "`Request body too large`; `Stream X is full: …`",
        422: "The body is not UTF-8; the key is wrong; a run has only so many streams",
      },
    },
    async handle(request) {
      const part = request.header("x-part-id") ?? request.header(IDEMPOTENCY_KEY_HEADER) ?? randomUUID();
      const body = await readBody(request.call, MAX_APPEND_BYTES);
      const { run, key } = await writtenStream(request, feed);
      if (isEnded(run.status)) return plainRefusal(400, COMPLETED);
      const stream = { runId: run.id, key };
      const text = textOf(body);
      try {
        await streams.create(stream, run.realtimeStreams);
        // A writer of one chunk.
        const ingest = await streams.ingest(stream, `part ${part.slice(0, 256)}`, 0);
        await ingest.take(JSON.stringify(text));
        await ingest.finish();
      } catch (error) {
        throw streamRefusal(error);
      }
      return jsonReply(200, { ok: true });
    },
  });
}

function textOf(body: Uint8Array): string {
  try {
    return decoder.decode(body);
  } catch {
    throw new HttpError(422, "Request body is not valid UTF-8");
  }
}
