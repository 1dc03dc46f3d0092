import { DEDUPE_HEADER } from "@runmeta/runtime/protocol";

/**
 * What a route answers. A plain value and no `Response`: on a socket it is written as it is, which takes a third of the
 * time that building a `Response` and reading it back takes.
 */
export interface Reply {
  readonly status: number;
  /** JSON text, or a file's bytes; null for a reply without a body, or with a stream. */
  readonly body: string | Uint8Array<ArrayBuffer> | null;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * A body without a known end. It is asked for the next piece when the last one was taken, so it holds back what
   * nobody reads, and ends when the signal aborts: the reader went away. It must not reject.
   */
  readonly stream?: ((signal: AbortSignal) => AsyncIterable<string>) | undefined;
}

/** The reply for callers in process. */
export function toResponse(reply: Reply, method: string): Response {
  // A socket drops the body of a HEAD by itself; whoever mounts the API would send it.
  if (method === "HEAD") return new Response(null, { status: reply.status, headers: reply.headers });
  const body = reply.stream === undefined ? reply.body : toReadable(reply.stream);
  return new Response(body, { status: reply.status, headers: reply.headers });
}

function toReadable(stream: NonNullable<Reply["stream"]>): ReadableStream<Uint8Array> {
  const gone = new AbortController();
  const encoder = new TextEncoder();
  const pieces = stream(gone.signal)[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        gone.abort();
        await pieces.return?.();
      },
    },
    // Nothing is made before somebody reads: what is made then is the newest.
    { highWaterMark: 0 },
  );
}

/** What pages may read of a reply; official clients give up where one of theirs is missing. */
const exposedHeaders: readonly string[] = [
  "x-trigger-jwt",
  "x-trigger-jwt-claims",
  "x-should-retry",
  "retry-after",
  DEDUPE_HEADER,
  "electric-handle",
  "electric-offset",
  "electric-schema",
  "electric-cursor",
  "electric-up-to-date",
  "electric-has-data",
  "x-stream-version",
  "x-last-chunk-index",
];

/**
 * Headers of every reply, errors included.
 *
 * - `x-runmeta-dedupe: 1` tells the runtime that a batch sent again is applied once, so it may send again blindly.
 * - Any origin may read what needs no key, or what it sends a key or token for. A foreign page never reads with the
 *   dashboard's cookie: browsers hand out no reply to `*` for a request with cookies, and the cookie is SameSite.
 * - `no-store`: a cached document would be a stale one.
 */
const commonHeaders: Readonly<Record<string, string>> = {
  "content-type": "application/json; charset=utf-8",
  [DEDUPE_HEADER]: "1",
  "access-control-allow-origin": "*",
  "access-control-expose-headers": exposedHeaders.join(", "),
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

/** A JSON reply from text that is JSON already; the metadata routes use it to pass a stored document on unparsed. */
export function textReply(
  status: number,
  text: string | null,
  headers?: Readonly<Record<string, string>>,
): Reply {
  return {
    status,
    body: text,
    headers: headers === undefined ? commonHeaders : { ...commonHeaders, ...headers },
  };
}

/** A reply of server-sent events. */
export function eventsReply(stream: NonNullable<Reply["stream"]>): Reply {
  // A proxy that collects a reply before it passes it on would pass on nothing.
  const headers = { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" };
  return { ...textReply(200, null, headers), stream };
}

/** A JSON reply; fields that are undefined are left out, since clients read `null` as a value. */
export function jsonReply(status: number, value: unknown, headers?: Readonly<Record<string, string>>): Reply {
  return textReply(status, JSON.stringify(value), headers);
}

/** The reply to a request that was refused. */
export function errorReply(status: number, error: string, headers?: Readonly<Record<string, string>>): Reply {
  return jsonReply(status, { error }, headers);
}
