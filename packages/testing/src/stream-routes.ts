import type { EndpointRun } from "./endpoint-run.ts";
import type { EndpointRuns } from "./endpoint-runs.ts";
import { json, parseBody, type Route, type RoutedRequest, refusal } from "./route.ts";

/** The path under which a stream is written. */
const WRITE = /^\/realtime\/v1\/streams\/([^/]+)\/(self|parent|root)\/([^/]+)$/;
const APPEND = /^\/realtime\/v1\/streams\/([^/]+)\/(self|parent|root)\/([^/]+)\/append$/;
const READ = /^\/realtime\/v1\/streams\/([^/]+)\/([^/]+)$/;

/** Writing and reading the streams of runs. A reader gets what is stored by then, and the end. */
export function streamRoutes(runs: EndpointRuns): readonly Route[] {
  const written =
    (handle: (run: EndpointRun, key: string, routed: RoutedRequest) => Response): Route["handle"] =>
    (routed) => {
      const [id = "", target = "", key = ""] = routed.parameters;
      const run = writtenRun(runs, id, target);
      return run === undefined ? refusal(404, "Run not found") : handle(run, key, routed);
    };
  return [
    {
      method: "PUT",
      path: WRITE,
      handle: written((run, key) => {
        run.streams.open(key);
        return json(202, { version: "v1" });
      }),
    },
    {
      method: "POST",
      path: WRITE,
      handle: written((run, key, routed) => {
        noteChunks(run, key, routed);
        return new Response(null, { status: 200 });
      }),
    },
    {
      method: "HEAD",
      path: WRITE,
      handle: written((run, key, { request }) => {
        const last = run.streams.nextIndex(key, request.headers.get("x-client-id") ?? "default") - 1;
        return new Response(null, { status: 200, headers: { "x-last-chunk-index": String(last) } });
      }),
    },
    {
      method: "POST",
      path: APPEND,
      handle: written((run, key, { text }) => {
        run.streams.open(key).push(text);
        return json(200, { ok: true });
      }),
    },
    {
      method: "GET",
      path: READ,
      handle({ parameters, request }) {
        const [id = "", key = ""] = parameters;
        const run = runs.find(id);
        if (run === undefined) return refusal(404, "Run not found");
        const from = Number(request.headers.get("last-event-id")?.split("-").at(-1) ?? -1) + 1;
        const events = run.streams
          .open(key)
          .map((chunk, position) => `id: 0-${position}\ndata: ${JSON.stringify(chunk)}\n\n`);
        return new Response(events.slice(from).join(""), {
          headers: { "content-type": "text/event-stream", "x-stream-version": "v1" },
        });
      },
    },
  ];
}

/** Follows what was written at another backend. */
export function followStreams(runs: EndpointRuns, routed: RoutedRequest): void {
  const { request, url, text } = routed;
  if (request.method !== "POST") return;
  const [, id = "", target = "", key = ""] = WRITE.exec(url.pathname) ?? APPEND.exec(url.pathname) ?? [];
  const run = writtenRun(runs, decodeURIComponent(id), target);
  if (run === undefined) return;
  if (url.pathname.endsWith("/append")) run.streams.open(decodeURIComponent(key)).push(text);
  else noteChunks(run, decodeURIComponent(key), routed);
}

function noteChunks(run: EndpointRun, key: string, { request, text }: RoutedRequest): void {
  const from = Number(request.headers.get("x-resume-from-chunk") ?? 0);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  run.streams.add(key, request.headers.get("x-client-id") ?? "default", from, lines.map(parseBody));
}

function writtenRun(runs: EndpointRuns, id: string, target: string): EndpointRun | undefined {
  const run = runs.find(id);
  const ids: Readonly<Record<string, string | undefined>> = {
    self: id,
    parent: run?.parentId,
    root: run?.rootId,
  };
  return runs.find(ids[target] ?? "");
}
