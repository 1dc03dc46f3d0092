import { exceedsDepth } from "@runmeta/runtime/protocol";
import { z } from "zod";
import { EarlyEnd } from "../http/early-end.ts";
import { HttpError } from "../http/http-error.ts";
import { ndjsonLines } from "../http/ndjson-lines.ts";
import { MAX_BODY_DEPTH, parseJson } from "../http/parse-json.ts";
import { textReply } from "../http/reply.ts";
import { defineRoute, type Route, type RouteRequest } from "../http/route.ts";
import type { Services } from "../service/services.ts";
import { StreamFullError } from "../service/streams/stream-errors.ts";
import type { StreamIngest } from "../service/streams/stream-ingest.ts";
import { MAX_CHUNK_BYTES, STREAM_LIMITS } from "../service/streams/stream-limits.ts";
import { clientId, STREAM_NOT_FOUND, STREAM_PATH, writtenStream } from "./stream-parameter.ts";
import { streamRefusal } from "./stream-refusal.ts";

const { maxChunks, maxBytes } = STREAM_LIMITS;

/**
 * `POST /realtime/v1/streams/{runId}/{target}/{streamKey}`: stores chunks as they come, one JSON value a line. The end
 * of a request is not the end of a stream: another writer, or the same one, may go on.
 */
export function ingestStreamRoute({ feed, streams }: Services): Route {
  return defineRoute({
    method: "POST",
    path: STREAM_PATH,
    access: { kind: "secret-key" },
    body: { kind: "ndjson", schema: z.unknown() },
    contract: {
      operationId: "writeStream",
      tag: "Streams",
      summary: "Write chunks to a stream",
      description: `One chunk a line, of at most ${MAX_CHUNK_BYTES} bytes, stored as they come. A stream holds ${maxChunks} chunks and ${maxBytes} bytes. Chunks before a wrong one stay. Sent again from a chunk that was stored already, each is stored once; how far a writer is says streamProgress. A stream of a run that has ended can still be finished.`,
      headers: {
        "x-client-id": "Names the writer; each counts its own chunks. `default` unless given.",
        "x-resume-from-chunk": "Index of the first chunk of this request, 0 unless given.",
      },
      replies: {
        200: { description: "All chunks are stored" },
        400: "`Invalid JSON at chunk N`; `Request body ended early`; a header that is wrong",
        404: STREAM_NOT_FOUND,
        413: "`Request body too large`: a chunk is; `Stream X is full: …`",
        422: "A run has only so many streams; the key cannot be one",
      },
    },
    async handle(request) {
      requireLines(request);
      const from = resumeFrom(request);
      const client = clientId(request);
      const { run, key } = await writtenStream(request, feed);
      const stream = { runId: run.id, key };
      try {
        await streams.create(stream, run.realtimeStreams);
        await store(await streams.ingest(stream, client, from), request, from);
      } catch (error) {
        throw streamRefusal(error, { connection: "close" });
      }
      return textReply(200, null);
    },
  });
}

async function store(ingest: StreamIngest, request: RouteRequest, from: number): Promise<void> {
  try {
    let index = from;
    for await (const line of ndjsonLines(request.raw, MAX_CHUNK_BYTES))
      await ingest.take(chunkOf(line, index++));
    await ingest.finish();
  } catch (error) {
    // What came before stays, whatever is wrong with the rest.
    await ingest.settle().catch(() => undefined);
    // Unless the connection broke, this writer does not come again with the same.
    if (error instanceof StreamFullError || (error instanceof HttpError && !(error instanceof EarlyEnd)))
      await ingest.end();
    throw error;
  }
}

const decoder = new TextDecoder();

/** The text of a chunk. A carriage return, which in JSON can only stand between values, would end a line of events. */
function chunkOf(line: Uint8Array, index: number): string {
  const parsed = parseJson(line, exceedsDepth);
  const text = decoder.decode(line).replaceAll("\r", " ").trim();
  // What official clients make of a chunk that is undefined; as in a list, it is null then.
  if (text === "undefined") return "null";
  if (!parsed.ok) {
    const reason = parsed.fault === "depth" ? `: nested deeper than ${MAX_BODY_DEPTH} levels` : "";
    throw new HttpError(400, `Invalid JSON at chunk ${index}${reason}`, { connection: "close" });
  }
  return text;
}

function resumeFrom(request: RouteRequest): number {
  const text = request.header("x-resume-from-chunk") ?? "0";
  if (!/^\d{1,9}$/.test(text)) throw new HttpError(400, "X-Resume-From-Chunk must be the index of a chunk");
  return Number(text);
}

/** Official clients call their lines `application/json`. */
function requireLines(request: RouteRequest): void {
  const type = request.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== undefined && !/^application\/(?:json|ndjson|x-ndjson)$/.test(type))
    throw new HttpError(415, "Content-Type must be application/x-ndjson or application/json");
  const encoding = request.header("content-encoding");
  if (encoding !== undefined && encoding !== "identity")
    throw new HttpError(415, "Content-Encoding is not supported for streams");
}
