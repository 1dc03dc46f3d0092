import { createServer, type RunmetaServer, type ServerOptions } from "../../src/index.ts";
import { testStorage } from "./test-storage.ts";

/** Keys of the tests' servers. */
export const DEV_KEY = "tr_dev_testing-key";
export const PROD_KEY = "tr_prod_testing-key";

/** A reply with its JSON body parsed. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // Tests look into bodies of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: a test that misreads a body fails
  readonly body: any;
}

/** A real server on an in-memory database, and a short way to call it. */
export interface TestServer extends AsyncDisposable {
  readonly server: RunmetaServer;
  readonly errors: unknown[];
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Triggers `hello` and gives the run's id. */
  trigger(options?: object, payload?: unknown): Promise<string>;
}

/** Starts one; faults that reach `onError` are collected, since a request that makes one is a bug of ours. */
export async function startTestServer(options: ServerOptions = {}): Promise<TestServer> {
  const errors: unknown[] = [];
  const server = await createServer({
    storage: testStorage(),
    secretKeys: [DEV_KEY, PROD_KEY],
    onError: (error) => errors.push(error),
    ...options,
  });
  const call: TestServer["call"] = async (method, path, body, headers = {}) => {
    const request = new Request(`http://localhost${path}`, {
      method,
      headers: { authorization: `Bearer ${DEV_KEY}`, "content-type": "application/json", ...headers },
      ...(body === undefined
        ? {}
        : { body: isRaw(body) ? body : JSON.stringify(body), duplex: "half" as const }),
    });
    const response = await server.fetch(request);
    // Events have no end of their own.
    const text = isEvents(response) ? await firstPiece(response) : await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: text === "" ? undefined : isJson(response) ? JSON.parse(text) : text,
    };
  };
  return {
    server,
    errors,
    call,
    async trigger(runOptions = {}, payload = { n: 1 }) {
      const answer = await call("POST", "/api/v1/tasks/hello/trigger", { payload, options: runOptions });
      if (answer.status !== 200) throw new Error(`trigger answered ${answer.status} ${answer.text}`);
      return answer.body.id as string;
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function isJson(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("application/json") === true;
}

function isEvents(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") === true;
}

async function firstPiece(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const piece = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(piece?.value);
}

function isRaw(body: unknown): body is string | Uint8Array | ReadableStream {
  return typeof body === "string" || body instanceof Uint8Array || body instanceof ReadableStream;
}
