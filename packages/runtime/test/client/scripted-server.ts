import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { configure } from "../../src/client/configure.ts";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body parsed as JSON. */
  readonly json: unknown;
}

export interface ScriptedReply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly text?: string;
  /** Closes the socket instead of answering. */
  readonly reset?: boolean;
}

export type Script = (request: SeenRequest, index: number) => ScriptedReply | Promise<ScriptedReply>;

export const TOKEN = "tr_dev_scripted";

/** A real HTTP server on loopback that answers what the test says; `configure` points at it until it is disposed. */
export async function scriptedServer(script: Script | readonly ScriptedReply[]) {
  const requests: SeenRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const url = new URL(incoming.url ?? "/", "http://server");
    let json: unknown;
    try {
      json = JSON.parse(body);
    } catch {}
    const request = {
      method: incoming.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body,
      json,
    };
    const index = requests.push(request) - 1;
    const reply =
      typeof script === "function"
        ? await script(request, index)
        : (script[index] ?? { status: 599, body: { error: `the script ends before request ${index + 1}` } });
    if (reply.reset) {
      incoming.socket.resetAndDestroy();
      return;
    }
    outgoing.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers });
    outgoing.end(reply.text ?? (reply.body === undefined ? "" : JSON.stringify(reply.body)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  configure({ baseURL: url, accessToken: TOKEN });
  return {
    url,
    requests,
    async [Symbol.asyncDispose]() {
      configure({});
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
