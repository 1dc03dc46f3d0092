import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { applyOperations, type JsonObject, type Operation } from "../../src/protocol/index.ts";

/** A request as it came over the wire. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  readonly body: string;
}

/** What the server does with one request, on the bare socket. */
export type RawReply = (socket: Socket, request: RawRequest, apply: () => string) => void;

/** A full reply of a healthy server, which deduplicates. */
export const healthy: RawReply = (socket, _request, apply) => {
  socket.write(response(apply()));
};

export function response(
  body: string,
  head = "content-type: application/json\r\nx-runmeta-dedupe: 1\r\n",
): string {
  return `HTTP/1.1 200 OK\r\n${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** A server of metadata on a bare TCP socket, on loopback: what it answers, and when it stops, is up to the script. */
export class FaultServer implements AsyncDisposable {
  readonly requests: RawRequest[] = [];
  document: JsonObject = {};
  connections = 0;
  readonly #script: RawReply[];
  readonly #applied = new Set<string>();
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#serve(socket));

  private constructor(script: readonly RawReply[]) {
    this.#script = [...script];
  }

  static async start(script: readonly RawReply[] = []): Promise<FaultServer> {
    const server = new FaultServer(script);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    let received = "";
    const take = (): RawRequest | undefined => {
      const end = received.indexOf("\r\n\r\n");
      if (end < 0) return undefined;
      const head = received.slice(0, end);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (received.length < end + 4 + length) return undefined;
      const body = received.slice(end + 4, end + 4 + length);
      received = received.slice(end + 4 + length);
      const [method = "", path = ""] = head.split(" ");
      return { method, path, key: /x-trigger-request-idempotency-key: (\S+)/i.exec(head)?.[1], body };
    };
    socket.on("data", (data) => {
      received += data.toString("utf8");
      for (let request = take(); request !== undefined; request = take()) {
        if (request.path.startsWith("/engine/")) {
          // An API without the engine's calls: runs are not registered.
          socket.write(
            "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
          );
          continue;
        }
        this.requests.push(request);
        const current = request;
        const reply = request.method === "PUT" ? (this.#script.shift() ?? healthy) : healthy;
        reply(socket, current, () => this.#apply(current));
      }
    });
  }

  /** Applies a batch once, and gives the body of the answer. */
  #apply({ method, key = "", body }: RawRequest): string {
    if (method === "PUT" && !this.#applied.has(key)) {
      this.#applied.add(key);
      const { operations } = JSON.parse(body) as { operations: Operation[] };
      this.document = applyOperations(this.document, operations).document;
    }
    return JSON.stringify({ metadata: this.document });
  }
}
