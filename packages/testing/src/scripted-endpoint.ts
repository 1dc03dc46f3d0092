import type { Clock } from "@runmeta/runtime";
import { DEFAULT_MAXIMUM_SIZE_BYTES, type JsonObject, type Operation } from "@runmeta/runtime/protocol";
import type { Backend, BackendName } from "./backend.ts";
import { EndpointRuns } from "./endpoint-runs.ts";
import { memoryBackend } from "./memory-backend.ts";
import type { RecordedRequest } from "./recorded-request.ts";
import { accepted, type Reply } from "./replies.ts";
import { parseBody, type RunEngine, untilAborted, waitOn } from "./route.ts";
import { Script } from "./script.ts";
import { serverBackend } from "./server-backend.ts";
import { systemTime } from "./system-time.ts";

/** Options of {@link scriptedEndpoint}. */
export interface ScriptedEndpointOptions {
  /** Largest document, in bytes; a larger one is refused with 413. @default 4096 */
  readonly maximumSize?: number | undefined;
  /** What answers where the script does not. @default "memory" */
  readonly backend?: BackendName | undefined;
  /**
   * Whether a request that is sent again with its key is applied once, and whether replies say so; a real server does.
   * @default true, false for the backend `trigger.dev`
   */
  readonly deduplicates?: boolean | undefined;
  /** What the document of a run starts with that nobody registered. @default {} */
  readonly document?: JsonObject | undefined;
  /** How metadata requests are treated when the script has ended. @default accepted() */
  readonly otherwise?: Reply | undefined;
  /** A metadata request after the script's end is an error instead; {@link ScriptedEndpoint.verify} throws it. @default false */
  readonly strict?: boolean | undefined;
  /** What {@link slow} waits on, and where `at` comes from. @default real time */
  readonly clock?: Clock | undefined;
}

/** The API in memory: what `fetch` gets is what a server would answer, except where the script says otherwise. */
export interface ScriptedEndpoint {
  /** Base URL to configure; requests to other hosts are answered as well. */
  readonly baseURL: string;
  /** The key to configure; keys are not checked. */
  readonly accessToken: string;
  /** Sends a request to this endpoint. Needs no `this`. */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * Adds replies to the end of the script.
   * @example
   * endpoint.reply(status(503), lostReply());
   */
  reply(...replies: readonly Reply[]): void;
  /** Everything that came, in order. */
  readonly requests: readonly RecordedRequest[];
  /** The `PUT`s of metadata among them. */
  readonly metadataRequests: readonly RecordedRequest[];
  /** A copy of a run's document; what unknown runs start with for an unknown one. */
  document(runId: string): JsonObject;
  /** Operations that were applied to a run's document, in order; a replaced document is an `update`. */
  applied(runId: string): readonly Operation[];
  /**
   * Fails when a strict script ran out, and when replies of it were never used.
   * @throws Error naming how many
   */
  verify(): void;
}

type Recorded = { -readonly [K in keyof RecordedRequest]: RecordedRequest[K] };

/** A client of an endpoint that has a clock, and an engine, of its own. */
export interface EndpointConnection {
  readonly clock: Clock;
  readonly engine?: RunEngine | undefined;
  /** Told of each request when it comes; its outcome is filled in later. */
  readonly onRequest?: ((request: RecordedRequest) => void) | undefined;
  /** Told of each answer, before the client gets it. */
  readonly onResponse?: ((request: RecordedRequest, response: Response) => Promise<void>) | undefined;
}

/** What `runTask` and `mockRun` need of an endpoint, besides what tests see. */
export interface EndpointInternals {
  readonly runs: EndpointRuns;
  readonly backend: Backend;
  connect(connection: EndpointConnection): (request: Request) => Promise<Response>;
  /** Why a strict script is broken, if it is. */
  scriptFailure(): Error | undefined;
}

const internals = new WeakMap<ScriptedEndpoint, EndpointInternals>();

/** The inside of an endpoint that {@link scriptedEndpoint} made. @throws TypeError for any other object */
export function internalsOf(endpoint: ScriptedEndpoint): EndpointInternals {
  const found = internals.get(endpoint);
  if (found === undefined) throw new TypeError("endpoint must come from scriptedEndpoint()");
  return found;
}

/**
 * Makes an API in memory. Each `PUT` of metadata takes the next reply of the script; reads, and everything else, are
 * answered as a healthy server does. Several runs may share it; their documents are apart.
 *
 * @example
 * const endpoint = scriptedEndpoint([status(503), lostReply()]);
 * configure({ baseURL: endpoint.baseURL, accessToken: endpoint.accessToken, fetch: endpoint.fetch });
 */
export function scriptedEndpoint(
  replies: readonly Reply[] = [],
  options: ScriptedEndpointOptions = {},
): ScriptedEndpoint {
  const limitBytes = options.maximumSize ?? DEFAULT_MAXIMUM_SIZE_BYTES;
  const document = options.document ?? {};
  const clock = options.clock ?? systemTime;
  const kind = options.backend ?? "memory";
  const prefix = kind === "server" ? uniqueIdPrefix() : "run_";
  const runs = new EndpointRuns(limitBytes, prefix);
  const backend =
    kind === "server"
      ? serverBackend(runs, limitBytes, prefix)
      : memoryBackend(runs, {
          limitBytes,
          document,
          deduplicates: options.deduplicates ?? kind === "memory",
          isTriggerDev: kind === "trigger.dev",
        });
  const requests: Recorded[] = [];
  const script = new Script(replies, options.otherwise ?? accepted(), options.strict ?? false);

  const send = async (request: Request, connection: EndpointConnection): Promise<Response> => {
    const recorded: Recorded = {
      method: request.method,
      url: request.url,
      headers: Object.fromEntries(request.headers),
      body: undefined,
      status: undefined,
      fault: undefined,
      at: connection.clock.now(),
    };
    requests.push(recorded);
    connection.onRequest?.(recorded);
    try {
      const text = await request.text();
      recorded.body = text === "" ? undefined : (parseBody(text) ?? text);
      const url = new URL(request.url);
      const { clock: time, engine } = connection;
      const routed = { request, url, text, parameters: [], clock: time, engine };
      const { signal } = request;
      const reply = script.replyFor(isMetadataUpdate(request), time.now());
      const response = await reply({
        request,
        text,
        apply: () => backend.answer(routed),
        wait: (ms) => waitOn(time, ms, signal),
        aborted: () => untilAborted(signal),
      });
      recorded.status = response.status;
      await connection.onResponse?.(recorded, response);
      return response;
    } catch (error) {
      recorded.fault = faultText(error);
      throw error;
    }
  };

  const endpoint: ScriptedEndpoint = {
    baseURL: "http://runmeta.test",
    accessToken: "tr_dev_scripted",
    fetch: (request) => send(request, { clock }),
    reply: (...more) => script.add(more),
    get requests() {
      return [...requests];
    },
    get metadataRequests() {
      return requests.filter(isMetadataUpdate);
    },
    document: (runId) => runs.find(runId)?.document.current ?? structuredClone(document),
    applied: (runId) => runs.find(runId)?.document.applied ?? [],
    verify: () => script.verify(),
  };
  internals.set(endpoint, {
    runs,
    backend,
    connect: (connection) => (request) => send(request, connection),
    scriptFailure: () => script.failure,
  });
  return endpoint;
}

function isMetadataUpdate({ method, url }: { readonly method: string; readonly url: string }): boolean {
  return method === "PUT" && /\/api\/v1\/runs\/[^/]*\/metadata$/.test(url);
}

/** Runs of all tests of a process are on one server. */
function uniqueIdPrefix(): string {
  return `run_${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}_`;
}

function faultText(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (typeof cause === "object" && cause !== null && "code" in cause) return String(cause.code);
  return error instanceof Error ? error.message : String(error);
}
