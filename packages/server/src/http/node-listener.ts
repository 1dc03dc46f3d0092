import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ServerConfigError } from "../errors.ts";
import type { Clock } from "../service/clock.ts";
import type { App } from "./app.ts";
import type { Reply } from "./reply.ts";
import { SocketCall } from "./socket-call.ts";
import { writeStream } from "./write-stream.ts";

/** A socket that serves the API. */
export interface NodeListener {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  /** Takes no more connections, lets requests under way finish for at most `timeoutMs`, then cuts them. */
  close(timeoutMs: number): Promise<void>;
}

/**
 * Serves the API on a socket; the only file that knows of one. Port 0 takes a free one.
 *
 * @throws ServerConfigError when the address cannot be used
 */
export async function listenOn(
  app: App,
  options: { readonly port: number; readonly host: string; readonly clock: Clock },
): Promise<NodeListener> {
  const server = createServer(
    (incoming, outgoing) =>
      void app
        .handle(new SocketCall(incoming, outgoing))
        .then((reply) => write(outgoing, reply, options.clock)),
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        new ServerConfigError(`Cannot listen on ${options.host}:${options.port}: ${cause.message}`, {
          cause,
        }),
      ),
    );
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, close: (timeoutMs) => closeGently(server, timeoutMs) };
}

function write(outgoing: ServerResponse, reply: Reply, clock: Clock): void {
  // A client that went away while it waited has nothing to be written to.
  if (outgoing.destroyed) return;
  if (reply.stream !== undefined && outgoing.req.method !== "HEAD") {
    void writeStream(outgoing.writeHead(reply.status, reply.headers), reply.stream, clock);
    return;
  }
  if (reply.body === null) {
    outgoing.writeHead(reply.status, reply.headers).end();
    return;
  }
  const headers = { ...reply.headers, "content-length": Buffer.byteLength(reply.body) };
  outgoing.writeHead(reply.status, headers).end(reply.body);
}

async function closeGently(server: Server, timeoutMs: number): Promise<void> {
  // Connections with a request under way become idle later; their clients would keep them open.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => server.closeAllConnections(), timeoutMs);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(idle);
  clearTimeout(deadline);
}
