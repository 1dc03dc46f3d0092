import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy that passes requests on and then, now and then, breaks the connection instead of answering. */
export interface LossyProxy extends AsyncDisposable {
  readonly url: string;
  /** Replies that were lost; the server had applied their requests. */
  readonly lost: number;
  readonly passed: number;
}

/** Stands in front of a server and loses every third reply to a request that changes something. */
export async function startLossyProxy(target: string): Promise<LossyProxy> {
  let changes = 0;
  let lost = 0;
  let passed = 0;

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers))
      if (typeof value === "string" && !hopByHop.has(name)) headers.set(name, value);
    const body = chunks.length === 0 ? undefined : Buffer.concat(chunks);
    const answer = await fetch(target + request.url, {
      method: request.method ?? "GET",
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    if (request.method !== "GET") changes += 1;
    if (request.method !== "GET" && changes % 3 === 0) {
      lost += 1;
      request.socket.destroy();
      return;
    }
    passed += 1;
    const kept = [...answer.headers].filter(([name]) => !hopByHop.has(name));
    response.writeHead(answer.status, Object.fromEntries(kept)).end(text);
  }

  const server = createServer((request, response) => {
    forward(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get lost() {
      return lost;
    },
    get passed() {
      return passed;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Headers of one connection, and those that fetch sets itself. */
const hopByHop = new Set([
  "connection",
  "content-length",
  "content-encoding",
  "host",
  "keep-alive",
  "transfer-encoding",
  "expect",
]);
