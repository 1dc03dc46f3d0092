import type { Clock } from "../clock.ts";

/** Sends one HTTP request; the global `fetch`, or a server's own in process. */
export type Fetch = (request: Request) => Promise<Response>;

export interface ExchangeRequest {
  readonly fetch: Fetch | undefined;
  readonly clock: Clock;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | ReadableStream<Uint8Array> | undefined;
  /** Absolute deadline, headers and body. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Reading stops after this many bytes of (inflated) body. */
  readonly maxReplyBytes: number;
}

export type ExchangeResult =
  | {
      readonly kind: "reply";
      readonly status: number;
      readonly headers: Headers;
      readonly text: string;
      readonly truncated: boolean;
    }
  | {
      readonly kind: "fault";
      readonly reason: string;
      /** False when the request certainly never reached the endpoint. */
      readonly maybeSent: boolean;
      /** Headers, when they came before the fault. */
      readonly status: number | undefined;
      readonly headers: Headers | undefined;
      readonly cause: unknown;
    };

/** Faults before a connection existed: nothing was sent. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "EACCES",
  "UND_ERR_CONNECT_TIMEOUT",
  "ERR_INVALID_URL",
]);

function faultCode(error: unknown): string | undefined {
  for (let at = error, depth = 0; typeof at === "object" && at !== null && depth < 5; depth += 1) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === "string") return code;
    // A dual-stack connect reports one error an address.
    const inner = (at as { errors?: unknown }).errors;
    at = (at as { cause?: unknown }).cause ?? (Array.isArray(inner) ? inner[0] : undefined);
  }
  return undefined;
}

async function readText(
  response: Response,
  maxBytes: number,
  signal: AbortSignal,
): Promise<{ text: string; truncated: boolean }> {
  if (response.body === null) return { text: "", truncated: false };
  const reader = response.body.getReader();
  const aborted = () => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", aborted, { once: true });
  try {
    const decoder = new TextDecoder();
    let text = "";
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return { text: text + decoder.decode(), truncated: false };
      bytes += value.byteLength;
      if (bytes > maxBytes) {
        await reader.cancel().catch(() => {});
        return { text, truncated: true };
      }
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    signal.removeEventListener("abort", aborted);
  }
}

/**
 * One request and its whole reply, within one deadline. Never rejects: a network fault is a value. Redirects are not
 * followed (they are replies with status 3xx), so no other host receives a byte of the body.
 */
export async function exchange(request: ExchangeRequest): Promise<ExchangeResult> {
  const abort = new AbortController();
  const deadline = request.clock.setTimer(
    () => abort.abort(new Error(`no complete reply within ${request.timeoutMs} ms`)),
    request.timeoutMs,
  );
  const cancelled = () => abort.abort(request.signal?.reason);
  if (request.signal?.aborted) cancelled();
  request.signal?.addEventListener("abort", cancelled, { once: true });
  let response: Response | undefined;
  try {
    abort.signal.throwIfAborted();
    const init: RequestInit & { duplex?: "half" } = {
      method: request.method,
      headers: request.headers,
      redirect: "manual",
      signal: abort.signal,
    };
    if (request.body !== undefined) {
      init.body = request.body;
      if (typeof request.body !== "string") init.duplex = "half";
    }
    // Looked up at the call: a user may have instrumented it since.
    const send = request.fetch ?? ((whole: Request) => globalThis.fetch(whole));
    // A fetch that ignores its signal must not outlive the deadline.
    const gaveUp = new Promise<never>((_, reject) => {
      abort.signal.addEventListener("abort", () => reject(abort.signal.reason), { once: true });
    });
    gaveUp.catch(() => {});
    response = await Promise.race([send(new Request(request.url, init)), gaveUp]);
    const { text, truncated } = await readText(response, request.maxReplyBytes, abort.signal);
    return { kind: "reply", status: response.status, headers: response.headers, text, truncated };
  } catch (error) {
    const code = faultCode(error);
    const cause = abort.signal.aborted ? abort.signal.reason : error;
    return {
      kind: "fault",
      reason: code ?? (cause instanceof Error ? cause.message : String(cause)),
      maybeSent: code === undefined || !NEVER_SENT.has(code),
      status: response?.status,
      headers: response?.headers,
      cause,
    };
  } finally {
    deadline.cancel();
    request.signal?.removeEventListener("abort", cancelled);
  }
}
