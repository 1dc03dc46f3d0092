import { createServer, type RunmetaServer } from "@runmeta/server";
import { ApiClient } from "@trigger.dev/core/v3";
import { configure } from "@trigger.dev/sdk";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { type Backend, databases, inline, type OpenBackend, type QueuePlace, queues } from "./backends.ts";
import { DEV_KEY, PROD_KEY } from "./keys.ts";

/** What a plain request was answered with. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // Tests look into bodies of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: a test that misreads a body fails
  readonly body: any;
}

/** What a plain request may say beside its method and path. */
export interface PlainRequest {
  /** An object is sent as JSON, text and bytes as they are. */
  readonly body?: unknown;
  /** The bearer; null: no `Authorization` at all. @default {@link DEV_KEY} */
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One server on loopback and the two ways to talk to it: official clients, and plain requests for what they hide. */
export class Api {
  readonly errors: unknown[] = [];
  #backend: OpenBackend | undefined;
  #server: RunmetaServer | undefined;

  /** Opens the database, serves, and points the official SDK of this process at it. */
  async start(backend: OpenBackend): Promise<void> {
    this.#backend = backend;
    this.#server = await createServer({
      storage: backend.storage,
      engine: backend.engine,
      secretKeys: [DEV_KEY, PROD_KEY],
      onError: (error) => this.errors.push(error),
    });
    await this.#server.listen({ port: 0 });
    configure({ baseURL: this.url, accessToken: DEV_KEY });
  }

  async stop(): Promise<void> {
    await this.#server?.close();
    await this.#backend?.drop();
  }

  get url(): string {
    if (this.#server === undefined) throw new Error("the server is not started");
    return this.#server.url;
  }

  /** Where workers find this server's jobs; undefined: it executes runs by itself. */
  get queue(): QueuePlace | undefined {
    return this.#backend?.queue;
  }

  /** The official HTTP client. */
  client(key = DEV_KEY): ApiClient {
    return new ApiClient(this.url, key);
  }

  /** One request without any client's help. */
  async plain(method: string, path: string, request: PlainRequest = {}): Promise<Answer> {
    const { body, key = DEV_KEY, headers = {} } = request;
    const raw = typeof body === "string" || body instanceof Uint8Array;
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        "content-type": "application/json",
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    } as RequestInit);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: text === "" ? undefined : JSON.parse(text),
    };
  }

  /** Triggers `hello` by a plain request and gives the run's id. */
  async run(options: object = {}, task = "hello"): Promise<string> {
    const answer = await this.plain("POST", `/api/v1/tasks/${encodeURIComponent(task)}/trigger`, {
      body: { payload: '{"n":1}', options: { payloadType: "application/json", ...options } },
    });
    if (answer.status !== 200) throw new Error(`trigger answered ${answer.status} ${answer.text}`);
    return answer.body.id as string;
  }

  /** The document that the server has stored. */
  async document(runId: string): Promise<Record<string, unknown>> {
    return (await this.plain("GET", `/api/v1/runs/${runId}/metadata`)).body.metadata;
  }
}

/**
 * Defines the same tests once a database. Each time they share one server, which may not have met a fault of its own
 * when they are over.
 */
export function onEveryDatabase(define: (api: Api) => void): void {
  for (const backend of databases) onBackend(backend, define);
}

/** The same, and once a queue as well: for tests that trigger runs and play the worker themselves. */
export function onEveryQueue(define: (api: Api) => void): void {
  for (const backend of [...databases, ...queues]) onBackend(backend, define);
}

/** Once an engine that executes runs. */
export function onEveryEngine(define: (api: Api) => void): void {
  for (const backend of [...inline, ...queues]) onBackend(backend, define);
}

function onBackend({ name, missing, open }: Backend, define: (api: Api) => void): void {
  describe.skipIf(missing !== undefined)(
    missing === undefined ? `on ${name}` : `on ${name} (${missing} is not set)`,
    () => {
      const api = new Api();
      beforeAll(async () => {
        await api.start(open());
      });
      afterAll(async () => {
        await api.stop();
        expect(api.errors).toEqual([]);
      });
      define(api);
    },
  );
}
