import { type Clock, systemClock } from "../clock.ts";
import { runOutsideScope } from "../context/context-storage.ts";
import { ApiError, ConfigError, refusedCall } from "../errors.ts";
import { type ExchangeResult, exchange, type Fetch } from "../http/exchange.ts";
import { DEDUPE_HEADER, IDEMPOTENCY_KEY_HEADER } from "../protocol/idempotency-key.ts";
import { parseAccessToken, parseBaseURL } from "./api-address.ts";
import { pause } from "./pause.ts";
import { asksForRetry, type RetryOptions, retryDelayMs } from "./retry-delay.ts";

/** Where an {@link ApiClient} sends its requests, and as whom. */
export interface ApiClientOptions {
  /** Where the API is, for example `http://127.0.0.1:3030`; a path prefix is kept. http and https only. */
  readonly baseURL: string;
  /** A secret key (`tr_…`) or a public access token. Never part of an error message. */
  readonly accessToken: string;
  /** Sends the requests. @default the global `fetch`, looked up at each call */
  readonly fetch?: Fetch | undefined;
  /** A key that is refused with 401 is sent without the word `Bearer` too, and so from then on where that is taken. @default false */
  readonly triesBareKey?: boolean | undefined;
  /** What retries and deadlines wait on. @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Deadline of one request, headers and body, in milliseconds (1 or more). @default 30000 */
  readonly requestTimeoutMs?: number | undefined;
  /** What holds for every request that does not say otherwise. */
  readonly requestOptions?: RequestOptions | undefined;
}

/** How requests are made. */
export interface RequestOptions {
  /** How often and how fast a call is repeated. */
  readonly retry?: RetryOptions | undefined;
  /** Headers beside our own, which they take the place of. */
  readonly additionalHeaders?: Readonly<Record<string, string>> | undefined;
}

/** The same options with others over them; headers are taken together. */
export function mergeRequestOptions(
  below: RequestOptions | undefined,
  above: RequestOptions | undefined,
): RequestOptions {
  return {
    retry: above?.retry ?? below?.retry,
    additionalHeaders: { ...below?.additionalHeaders, ...above?.additionalHeaders },
  };
}

function lowerCased(headers: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

export interface ApiRequestOptions {
  /** Query parameters; undefined ones are left out. */
  readonly query?: Readonly<Record<string, string | undefined>> | undefined;
  /** Sent as JSON; a string is sent as it is (give its `content-type`). */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Ends the call, its waits included; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Deadline of each request. @default the client's */
  readonly timeoutMs?: number | undefined;
  readonly retry?: RetryOptions | undefined;
  /** False where a 409 is an answer and not a race: it is repeated only when the server asks for it. @default true */
  readonly retryConflict?: boolean | undefined;
  /**
   * False for a body that counts twice when it is applied twice. After a request that may have been applied it is sent
   * again only to a server that says it deduplicates (`x-runmeta-dedupe: 1`); a GET of the same path asks it.
   * @default true
   */
  readonly repeatable?: boolean | undefined;
}

/** A successful reply (2xx). */
export interface ApiReply {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON body; undefined when it is empty. */
  readonly body: unknown;
}

/** Version of the official client whose contract is spoken. */
const CLIENT_VERSION = "4.8.3";
/** Without it the official server answers with the status names of its older API. */
const API_VERSION = "2025-07-16";
/** A page of 100 runs with 262,144 bytes of metadata each is 26 MB; beyond this a reply is a fault. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;
/** Enough of a server's message to act on; the rest is in `ApiError.body`. */
const MAX_MESSAGE_CHARACTERS = 500;

function parseJson(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  if (text === "") return { ok: true, value: undefined };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

function errorText(body: unknown): string | undefined {
  if (typeof body === "string") return body;
  if (typeof body !== "object" || body === null || !("error" in body)) return undefined;
  if (typeof body.error !== "string") return JSON.stringify(body.error);
  const details = "details" in body && Array.isArray(body.details) ? body.details : [];
  const messages = details.flatMap((detail: { message?: unknown } | null) =>
    typeof detail?.message === "string" ? [detail.message] : [],
  );
  return [body.error, ...messages].join(": ");
}

/**
 * Calls the API: the headers of the official client, its retries (408, 409, 429, 5xx and connection errors, five
 * requests at most) and one idempotency key for all requests of a call. Redirects are not followed.
 */
export class ApiClient {
  /** Without a slash at its end. */
  readonly baseURL: string;
  readonly clock: Clock;
  readonly #accessToken: string;
  readonly #fetch: Fetch | undefined;
  readonly #requestTimeoutMs: number;
  readonly #triesBareKey: boolean;
  readonly #requestOptions: RequestOptions | undefined;
  /** What stands in front of the key. */
  #scheme = "Bearer ";
  /** Known once a reply has said so. */
  #deduplicates = false;

  /** @throws ConfigError for a base URL or a token that cannot be used */
  constructor(options: ApiClientOptions) {
    this.baseURL = parseBaseURL(options.baseURL);
    this.#accessToken = parseAccessToken(options.accessToken);
    this.clock = options.clock ?? systemClock;
    this.#fetch = options.fetch;
    this.#triesBareKey = options.triesBareKey ?? false;
    this.#requestOptions = options.requestOptions;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 30_000;
    if (!(this.#requestTimeoutMs >= 1)) {
      throw new ConfigError(`requestTimeoutMs must be 1 or more, got ${String(this.#requestTimeoutMs)}`);
    }
  }

  /**
   * One call; gives the reply's body, unchecked: `T` is the caller's word for it.
   * @throws ApiError for a reply that is not 2xx, and with `status` 0 when none came
   */
  async request<T>(method: string, path: string, options: ApiRequestOptions = {}): Promise<T> {
    // The one place where a body is taken on trust; readers that must not be wrong parse it with a schema.
    return (await this.send(method, path, options)).body as T;
  }

  /** The same call, with status and headers. */
  send(method: string, path: string, options: ApiRequestOptions = {}): Promise<ApiReply> {
    // An instrumented fetch must not write to the run whose request it sees.
    return runOutsideScope(() => this.#sendWithRetries(method, path, options));
  }

  /**
   * One attempt, without repetition and without judging the reply: for callers that have rules of their own. Never
   * rejects: faults are values.
   */
  async sendOnce(
    method: string,
    path: string,
    options: Omit<ApiRequestOptions, "retry" | "retryConflict" | "repeatable"> & {
      readonly maxReplyBytes?: number;
    } = {},
  ): Promise<ExchangeResult> {
    const result = await this.#exchange(method, path, options, this.#scheme);
    if (!this.#triesBareKey || !isUnauthorized(result)) return result;
    const other = this.#scheme === "" ? "Bearer " : "";
    const second = await this.#exchange(method, path, options, other);
    if (isUnauthorized(second)) return result;
    if (second.kind === "reply") this.#scheme = other;
    return second;
  }

  /**
   * Opens a stream of events; one attempt, as {@link sendOnce}. Whoever gets one reads it to its end or cancels it. Any
   * other reply is read and given as it is.
   */
  async openEvents(
    path: string,
    options: Pick<ApiRequestOptions, "query" | "headers" | "signal">,
  ): Promise<
    | { readonly kind: "events"; readonly headers: Headers; readonly body: ReadableStream<Uint8Array> }
    | ExchangeResult
  > {
    let events: { headers: Headers; body: ReadableStream<Uint8Array> } | undefined;
    const result = await this.#exchange("GET", path, options, this.#scheme, async (request) => {
      const response = await (this.#fetch ?? globalThis.fetch)(request);
      const { status, headers, body } = response;
      if (status !== 200 || body === null || !headers.get("content-type")?.startsWith("text/event-stream"))
        return response;
      events = { headers, body };
      // The deadline is for the headers: events may come for hours.
      return new Response(null, { status, headers });
    });
    if (events === undefined) return result;
    if (result.kind === "reply") return { kind: "events", ...events };
    await events.body.cancel().catch(() => {});
    return result;
  }

  /** What to throw for a result of {@link sendOnce} or {@link openEvents} that is of no use. */
  failure(call: string, result: ExchangeResult, attempts: number): ApiError {
    return this.#failure(call, result, attempts, false);
  }

  #exchange(
    method: string,
    path: string,
    options: Omit<ApiRequestOptions, "retry" | "retryConflict" | "repeatable"> & {
      readonly maxReplyBytes?: number;
    },
    scheme: string,
    fetch: Fetch | undefined = this.#fetch,
  ): Promise<ExchangeResult> {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(options.query ?? {}))
      if (value !== undefined) query.set(name, value);
    const search = query.toString();
    return exchange({
      fetch,
      clock: this.clock,
      method,
      url: `${this.baseURL}${path}${search === "" ? "" : `?${search}`}`,
      headers: {
        authorization: `${scheme}${this.#accessToken}`,
        "content-type": "application/json",
        "trigger-version": CLIENT_VERSION,
        "x-trigger-api-version": API_VERSION,
        "x-trigger-source": "sdk",
        ...lowerCased(this.#requestOptions?.additionalHeaders),
        ...options.headers,
      },
      body:
        options.body === undefined || typeof options.body === "string"
          ? options.body
          : JSON.stringify(options.body),
      timeoutMs: options.timeoutMs ?? this.#requestTimeoutMs,
      signal: options.signal,
      maxReplyBytes: options.maxReplyBytes ?? MAX_REPLY_BYTES,
    });
  }

  /** The same client with other options. @throws ConfigError as the constructor */
  with(changes: Partial<ApiClientOptions>): ApiClient {
    return new ApiClient({
      baseURL: changes.baseURL ?? this.baseURL,
      accessToken: changes.accessToken ?? this.#accessToken,
      fetch: changes.fetch ?? this.#fetch,
      clock: changes.clock ?? this.clock,
      requestTimeoutMs: changes.requestTimeoutMs ?? this.#requestTimeoutMs,
      requestOptions: mergeRequestOptions(this.#requestOptions, changes.requestOptions),
    });
  }

  /** Lends the key or token to a function, for signing. */
  withAccessToken<T>(use: (accessToken: string) => T): T {
    return use(this.#accessToken);
  }

  /** Whether two clients call as the same user. */
  sameCredentials(other: ApiClient): boolean {
    return other.baseURL === this.baseURL && other.#accessToken === this.#accessToken;
  }

  async #sendWithRetries(method: string, path: string, options: ApiRequestOptions): Promise<ApiReply> {
    const { signal } = options;
    const once = {
      ...options,
      headers: { [IDEMPOTENCY_KEY_HEADER]: crypto.randomUUID(), ...options.headers },
    };
    const call = `${method} ${path}`;
    // A request that may have been applied, while it is not known whether sending it again would count twice.
    let doubtful: ExchangeResult | undefined;
    for (let attempt = 1; ; attempt += 1) {
      signal?.throwIfAborted();
      // Any reply tells whether the server deduplicates; reading it applies nothing.
      const asking = doubtful !== undefined && !this.#deduplicates;
      const result = asking
        ? await this.sendOnce("GET", path, { signal, timeoutMs: options.timeoutMs })
        : await this.sendOnce(method, path, once);
      signal?.throwIfAborted();
      if (result.headers?.get(DEDUPE_HEADER) === "1") this.#deduplicates = true;
      if (!asking && result.kind === "reply" && result.status >= 200 && result.status < 300) {
        return this.#read(call, result);
      }
      if (!asking && options.repeatable === false && maybeApplied(result)) doubtful = result;
      const answered = asking && result.kind === "reply" && result.status < 500;
      const again = asking
        ? !answered || this.#deduplicates
        : result.kind === "fault" || asksForRetry(result.status, result.headers, options.retryConflict);
      const delayMs = again
        ? retryDelayMs(
            attempt,
            options.retry ?? this.#requestOptions?.retry,
            result.kind === "reply" ? result : undefined,
            this.clock,
          )
        : undefined;
      if (delayMs === undefined) {
        // What the caller asked for is what failed, not our question about it.
        if (doubtful !== undefined && !this.#deduplicates) throw this.#failure(call, doubtful, attempt, true);
        throw this.#failure(call, result, attempt, false);
      }
      await pause(this.clock, delayMs, signal);
    }
  }

  #read(call: string, reply: Extract<ExchangeResult, { kind: "reply" }>): ApiReply {
    const body = reply.truncated ? undefined : parseJson(reply.text);
    if (body?.ok === true) return { status: reply.status, headers: reply.headers, body: body.value };
    const problem = reply.truncated
      ? `is longer than ${MAX_REPLY_BYTES} bytes`
      : "is not JSON (does the base URL point to the API?)";
    throw new ApiError(`${call}: the reply ${problem}`, {
      status: reply.status,
      body: reply.text,
      headers: Object.fromEntries(reply.headers),
    });
  }

  #failure(call: string, result: ExchangeResult, attempts: number, mayCountTwice: boolean): ApiError {
    const tries = attempts > 1 ? ` (${attempts} attempts)` : "";
    const doubt = mayCountTwice
      ? "; it may have been applied and was not sent again, since that could count twice"
      : "";
    if (result.kind === "fault") {
      const message = this.#redact(
        `${call}: no reply from ${this.baseURL}: ${result.reason}${tries}${doubt}`,
      );
      return new ApiError(message, { status: 0 }, { cause: result.cause });
    }
    const parsed = parseJson(result.text);
    const body = parsed.ok ? parsed.value : result.text;
    const redirect =
      result.status >= 300 && result.status < 400
        ? "redirects are not followed; check the base URL"
        : undefined;
    const said = (redirect ?? errorText(body) ?? "").slice(0, MAX_MESSAGE_CHARACTERS);
    return refusedCall(
      this.#redact(`${call} answered ${result.status}${said === "" ? "" : `: ${said}`}${tries}${doubt}`),
      {
        status: result.status,
        body,
        headers: Object.fromEntries(result.headers),
        receivedAt: this.clock.wallTime(),
      },
    );
  }

  #redact(message: string): string {
    return message.replaceAll(this.#accessToken, "[token]");
  }
}

function isUnauthorized(result: ExchangeResult): boolean {
  return result.kind === "reply" && result.status === 401;
}

/** False when the endpoint certainly did not act on the request. */
function maybeApplied(result: ExchangeResult): boolean {
  if (result.kind === "fault") return result.maybeSent;
  return result.status >= 500 && result.status !== 503;
}
