import { type NetworkErrorCode, networkError } from "./network-error.ts";

/** A metadata request at a scripted endpoint, as a {@link Reply} sees it. */
export interface EndpointCall {
  /** Resolves its promises, and is aborted, as the client's request is. */
  readonly request: Request;
  /** What was sent. */
  readonly text: string;
  /** Does what a healthy endpoint does (limit, deduplication, operations) and gives its answer. */
  apply(): Response | Promise<Response>;
  /** Waits on the clock of the endpoint, in milliseconds; rejects when the request is aborted. */
  wait(ms: number): Promise<void>;
  /** Rejects when the request is aborted; waits for ever otherwise. */
  aborted(): Promise<never>;
}

/** How an endpoint treats one metadata request: it answers, or rejects as a broken connection does. */
export interface Reply {
  (call: EndpointCall): Response | Promise<Response>;
  /** From its turn on it answers every request, of any kind, for so many milliseconds; see {@link down}. */
  readonly lastsMs?: number;
}

/** What {@link status} takes. */
export interface StatusOptions {
  /** Sent as `Retry-After`, rounded up to whole seconds, which is all that the header can say. */
  readonly retryAfterMs?: number | undefined;
  /** Sent as `Retry-After` as it is, for dates and for nonsense. */
  readonly retryAfter?: string | undefined;
  /** Sent as JSON; a string is sent as it is. @default `{ "error": "scripted <code>" }` */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Statuses that HTTP allows no body for. */
const WITHOUT_BODY = new Set([204, 205, 304]);

/** Applies the request and says so: what a healthy endpoint does. */
export function accepted(): Reply {
  return (call) => call.apply();
}

/**
 * Answers with a status and applies nothing. It comes as from a gateway: without the header that says that the endpoint
 * deduplicates; give it in `headers` where that matters.
 *
 * @example
 * scriptedEndpoint([status(503, { retryAfterMs: 3_000 }), accepted()]);
 */
export function status(code: number, options: StatusOptions = {}): Reply {
  const retryAfter =
    options.retryAfter ??
    (options.retryAfterMs === undefined ? undefined : String(Math.ceil(options.retryAfterMs / 1_000)));
  const { body = { error: `scripted ${code}` } } = options;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return () =>
    new Response(WITHOUT_BODY.has(code) ? null : text, {
      status: code,
      headers: {
        "content-type": "application/json",
        ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
        ...options.headers,
      },
    });
}

/** Applies the request, then the connection breaks before the answer: the client cannot know that it was applied. */
export function lostReply(code: NetworkErrorCode = "ECONNRESET"): Reply {
  return async (call) => {
    await call.apply();
    throw networkError(code);
  };
}

/** The connection breaks, and nothing is applied. */
export function networkFault(code: NetworkErrorCode): Reply {
  return () => {
    throw networkError(code);
  };
}

/**
 * The endpoint is down for `ms` milliseconds, on the clock of who asks: from the metadata request whose turn it is, every
 * request is treated so, reads and calls for workers included. Then the script goes on.
 */
export function down(ms: number, code: NetworkErrorCode = "ECONNREFUSED"): Reply {
  return Object.assign(networkFault(code), { lastsMs: ms });
}

/** Refuses the document as too large (413) and applies nothing. */
export function tooLarge(limitBytes = 4_096): Reply {
  return status(413, { body: { error: `Metadata exceeds maximum size of ${limitBytes} bytes` } });
}

/** Does what `reply` does, `ms` milliseconds later on the clock of the endpoint. */
export function slow(ms: number, reply: Reply = accepted()): Reply {
  return async (call) => {
    await call.wait(ms);
    return reply(call);
  };
}

/** Applies the request and answers 200, with a body that is not the answer's JSON. */
export function brokenBody(text = '{"metadata":'): Reply {
  return async (call) => {
    const { status: code, headers } = await call.apply();
    return new Response(text, { status: code, headers });
  };
}

/** Never answers, and applies nothing: the client's own deadline has to end it. */
export function hangs(): Reply {
  return (call) => call.aborted();
}

/** Sends the client to another address (307), and applies nothing. */
export function redirect(url: string, code = 307): Reply {
  return status(code, { headers: { location: url } });
}
