import { isRunId } from "@runmeta/runtime/protocol";
import { HttpError } from "../http/http-error.ts";
import { textReply } from "../http/reply.ts";
import type { RouteRequest } from "../http/route.ts";
import type { RunFeed } from "../service/realtime/run-feed.ts";
import { MAX_STREAM_KEY_LENGTH } from "../service/streams/stream-limits.ts";
import type { RunRow } from "../storage/storage.ts";

/** The path under which a stream is written. */
export const STREAM_PATH = "/realtime/v1/streams/:runId/:target/:streamKey";

/** What routes that write say of a stream that is not there. */
export const STREAM_NOT_FOUND = "`Run not found`; `Target not found`: the run has no such relative";

/** The run whose stream a request writes, and the stream's key. */
export interface WrittenStream {
  readonly run: RunRow;
  readonly key: string;
}

/**
 * The stream that a path names: of the run itself, of its parent or of its root.
 *
 * @throws HttpError 404 · 422 for a key that cannot be one
 */
export async function writtenStream(request: RouteRequest, feed: RunFeed): Promise<WrittenStream> {
  const { environment } = request.principal;
  const find = async (id: string) => {
    const run = isRunId(id) ? await feed.run(environment, id) : undefined;
    if (run === undefined) throw runNotFound();
    return run.value;
  };
  const run = await find(request.param("runId"));
  const target = request.param("target");
  const relatives = new Map([
    ["self", run.id],
    ["parent", run.parentId],
    ["root", run.rootId],
  ]);
  const id = relatives.get(target);
  if (id === undefined) throw notFound("Target not found");
  return { run: id === run.id ? run : await find(id), key: streamKey(request) };
}

/** @throws HttpError 422 */
export function streamKey(request: RouteRequest): string {
  const key = request.param("streamKey");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (key === "" || key.length > MAX_STREAM_KEY_LENGTH || /[\x00-\x1f\x7f]/.test(key))
    throw new HttpError(
      422,
      `Invalid stream key: 1 to ${MAX_STREAM_KEY_LENGTH} characters, none of them a control character`,
    );
  return key;
}

/** The name of a writer; official clients make one a stream. */
export function clientId(request: RouteRequest): string {
  const id = request.header("x-client-id") ?? "default";
  if (id.length > 256) throw new HttpError(400, "X-Client-Id is longer than 256 characters");
  return id;
}

/** A refusal whose body official clients expect as plain text. */
export function plainRefusal(status: number, text: string) {
  return textReply(status, text, {
    "content-type": "text/plain; charset=utf-8",
    "x-should-retry": "false",
  });
}

/** The refusal of a run that is not there, or not any more. */
export function runNotFound(headers: Readonly<Record<string, string>> = {}): HttpError {
  return notFound("Run not found", headers);
}

function notFound(text: string, headers: Readonly<Record<string, string>> = {}): HttpError {
  return new HttpError(404, text, { "x-should-retry": "false", ...headers });
}
