import { isEnded, isJsonObject, isRunId } from "@runmeta/runtime/protocol";
import { batchItem, registerRunBody, triggerTaskBody } from "@runmeta/runtime/protocol/schemas";
import type { Backend } from "./backend.ts";
import { type EndpointRun, hasEnded } from "./endpoint-run.ts";
import type { EndpointRuns } from "./endpoint-runs.ts";
import { whileAnswered } from "./in-flight.ts";
import { ownTrigger } from "./own-trigger.ts";
import { parseBody, type RoutedRequest, refusal } from "./route.ts";
import { holdUntilEnd } from "./run-routes.ts";
import { sharedServer } from "./shared-server.ts";
import { followStreams } from "./stream-routes.ts";
import { newRunOf, type Wanted } from "./trigger-routes.ts";

interface ServerReply {
  readonly response: Response;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * The real server as a backend. It answers everything; here only runs are followed, so that the session executes what is
 * triggered. No clock moves while it answers. A question for the end of a run is held here, where the run is executed:
 * held by the server it would be answered in real time.
 *
 * @param prefix of this endpoint's own: in front of idempotency keys, which other tests may use as well
 */
export function serverBackend(runs: EndpointRuns, limitBytes: number, prefix: string): Backend {
  const send = async (request: Request): Promise<ServerReply> => {
    const answered = async () => {
      const server = await sharedServer(limitBytes);
      request.headers.set("authorization", `Bearer ${server.secretKey}`);
      const response = await server.fetch(request);
      return { response, text: await response.text() };
    };
    const { response, text } = await whileAnswered(answered());
    const { status, headers } = response;
    const parsed = parseBody(text);
    return {
      response: new Response(text === "" ? null : text, { status, headers }),
      body: isJsonObject(parsed) ? parsed : {},
    };
  };

  /** A call of the test itself, which no test sees. */
  const call = async (method: string, path: string, body?: unknown): Promise<ServerReply> => {
    const reply = await send(
      new Request(`http://runmeta.test${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      }),
    );
    if (reply.response.ok) return reply;
    throw new Error(
      `the server answered ${method} ${path} with ${reply.response.status}: ${reply.body.error}`,
    );
  };

  const worker = (run: EndpointRun, verb: string, body: unknown) =>
    call("POST", `/engine/v1/runs/${run.id}/${verb}`, body);

  const forward = ({ request, text }: RoutedRequest, url = request.url): Promise<ServerReply> =>
    send(
      new Request(url, {
        method: request.method,
        headers: request.headers,
        ...(text === "" ? {} : { body: text }),
      }),
    );

  const follow = (routed: RoutedRequest, id: unknown, wanted: Wanted) => {
    if (typeof id !== "string" || runs.find(id) !== undefined) return;
    const { options } = wanted;
    const metadata = isJsonObject(options?.metadata) ? options.metadata : undefined;
    const run = runs.create({ ...newRunOf(wanted, routed), id, metadata });
    routed.engine?.execute(run);
  };

  const trigger = async (routed: RoutedRequest, task: string): Promise<Response> => {
    if (routed.engine?.knows(task) === false) return refusal(404, "Task not found");
    const { response, body } = await forward({ ...routed, text: ownTrigger(routed.text, prefix) });
    const sent = triggerTaskBody.safeParse(parseBody(routed.text));
    if (response.ok && body.isCached !== true && sent.success)
      follow(routed, body.id, { ...sent.data, task });
    return response;
  };

  /** Items by index, of batches that are being filled. */
  const batches = new Map<string, Map<number, Wanted>>();

  const addItems = async (routed: RoutedRequest, batchId: string): Promise<Response> => {
    const items = batches.get(batchId) ?? new Map<number, Wanted>();
    batches.set(batchId, items);
    const lines = routed.text.split("\n").filter((line) => line !== "");
    const parsed = lines.flatMap((line) => batchItem.safeParse(parseBody(line)).data ?? []);
    if (parsed.some(({ task }) => routed.engine?.knows(task) === false))
      return refusal(404, "Task not found");
    const own = lines.map((line) => ownTrigger(line, prefix)).join("\n");
    const { response } = await forward({ ...routed, text: own });
    if (!response.ok) return response;
    for (const { index, ...item } of parsed) items.set(index, { ...item, batchId });
    const { body } = await call("GET", `/api/v2/batches/${batchId}`);
    const ids = Array.isArray(body.runs) ? body.runs : [];
    const inOrder = [...items].sort(([left], [right]) => left - right);
    for (const [place, [, wanted]] of inOrder.entries()) follow(routed, ids[place], wanted);
    return response;
  };

  const routes: readonly (readonly [RegExp, (routed: RoutedRequest, id: string) => Promise<Response>])[] = [
    [/^POST \/api\/v1\/tasks\/([^/]+)\/trigger$/, trigger],
    [
      /^POST \/api\/v3\/batches$/,
      async (routed) => (await forward({ ...routed, text: ownTrigger(routed.text, prefix) })).response,
    ],
    [/^POST \/api\/v3\/batches\/([^/]+)\/items$/, addItems],
    [
      /^POST \/api\/v1\/idempotencyKeys\/([^/]+)\/reset$/,
      async (routed, key) => {
        const url = new URL(routed.url);
        url.pathname = `/api/v1/idempotencyKeys/${encodeURIComponent(`${prefix}${key}`)}/reset`;
        return (await forward(routed, url.href)).response;
      },
    ],
    [
      /^GET \/engine\/v1\/runs\/([^/]+)\/result$/,
      async (routed, id) => {
        const run = runs.find(id);
        if (run !== undefined && !hasEnded(run)) await holdUntilEnd(runs, run, routed);
        const url = new URL(routed.url);
        url.searchParams.set("timeoutMs", "0");
        return (await forward(routed, url.href)).response;
      },
    ],
    [
      /^POST \/api\/v2\/runs\/([^/]+)\/cancel$/,
      async (routed, id) => {
        const { response } = await forward(routed);
        const run = runs.find(id);
        if (!response.ok || run === undefined) return response;
        routed.engine?.cancel(run);
        const finishedAt = routed.clock.wallTime();
        runs.end(run, { status: "CANCELED", output: undefined, error: undefined, finishedAt });
        return response;
      },
    ],
    [
      /^(?:PUT|POST) \/engine\/v1\/runs\/([^/]+)(?:\/start|\/complete)?$/,
      async (routed, id) => {
        const { response, body } = await forward(routed);
        if (response.ok) followWorker(routed, id, body);
        return response;
      },
    ],
    [
      /^(?:PUT|GET) \/api\/v1\/runs\/([^/]+)\/metadata$/,
      async (routed, id) => {
        const { response, body } = await forward(routed);
        const run = runs.find(id);
        if (run !== undefined && response.ok && routed.text !== "{}" && isJsonObject(body.metadata)) {
          run.document.adopt(body.metadata);
        }
        return response;
      },
    ],
  ];

  const followWorker = (routed: RoutedRequest, id: string, reply: ServerReply["body"]) => {
    const sent = registerRunBody.safeParse(parseBody(routed.text)).data;
    const { task, parentId, rootId } = sent ?? {};
    const at = routed.clock.wallTime();
    const run =
      runs.find(id) ??
      runs.create({
        id,
        task,
        parentId,
        rootId,
        metadata: isJsonObject(reply.metadata) ? reply.metadata : undefined,
        createdAt: at,
      });
    const { status, attempt } = reply;
    if (status === "EXECUTING" && typeof attempt === "number") runs.start(run, attempt, at);
    if (typeof status !== "string" || !isEnded(status)) return;
    runs.end(run, {
      status: status as EndpointRun["status"],
      output: undefined,
      error: undefined,
      finishedAt: at,
    });
  };

  return {
    knowsWorkers: true,
    async answer(routed) {
      const called = `${routed.request.method} ${routed.url.pathname}`;
      for (const [pattern, answer] of routes) {
        const match = pattern.exec(called);
        if (match !== null) return answer(routed, decodeURIComponent(match[1] ?? ""));
      }
      const { response } = await forward(routed);
      if (response.ok) followStreams(runs, routed);
      return response;
    },
    async requireUnused(id) {
      const { response } = await send(new Request(`http://runmeta.test/api/v3/runs/${id}`));
      if (response.status !== 404) throw idTaken(id);
    },
    async created({ id, task, tags, parentId, rootId, initialMetadata: metadata, maxAttempts }) {
      if (!isRunId(id)) throw new TypeError(`${JSON.stringify(id)} is no run id`);
      const body = { task, tags, parentId, rootId, metadata, maxAttempts };
      const reply = await call("PUT", `/engine/v1/runs/${id}`, body);
      if (reply.body.created !== true) throw idTaken(id);
    },
    async started(run, attempt) {
      await worker(run, "start", { attempt, holder: "testing" });
    },
    async failed(run, error) {
      await worker(run, "complete", {
        ok: false,
        error: described(error),
        retryAfterMs: 0,
        holder: "testing",
      });
    },
    async ended(run, { status, output, error }) {
      if (status === "COMPLETED") {
        await worker(run, "complete", { ok: true, output: output?.data, outputType: output?.dataType });
      } else {
        const message = `The run ended as ${status}`;
        await worker(run, "complete", { ok: false, status, error: described(error ?? { message }) });
      }
    },
    async refresh(stale) {
      for (const run of stale) {
        const { body } = await call("GET", `/api/v1/runs/${run.id}/metadata`);
        if (isJsonObject(body.metadata)) run.document.adopt(body.metadata);
      }
    },
  };
}

function idTaken(id: string): Error {
  return new Error(
    `a run ${id} is on the server of this process already: leave out its id, or use another one in each test`,
  );
}

function described(error: {
  readonly name?: string;
  readonly message: string;
  readonly stackTrace?: string;
}) {
  const { name, message, stackTrace } = error;
  return { name, message, stackTrace };
}
