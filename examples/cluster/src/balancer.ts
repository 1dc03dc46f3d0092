import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * Connects each client to one of several servers in turn, and to the next one where that is gone: what nginx, HAProxy or
 * a cloud's load balancer does in production, in forty lines, so that the example runs anywhere.
 */
export async function startBalancer(
  targets: readonly { readonly host: string; readonly port: number }[],
  { host = "127.0.0.1", port = 0 }: { readonly host?: string; readonly port?: number } = {},
): Promise<{ readonly url: string; close(): void }> {
  let turn = 0;
  const clients = new Set<Socket>();
  const server: Server = createServer((client) => {
    clients.add(client);
    client.on("close", () => clients.delete(client)).on("error", () => client.destroy());
    const tryNext = (triesLeft: number): void => {
      const target = targets[turn++ % targets.length];
      if (target === undefined || triesLeft === 0) return void client.destroy();
      const upstream = connect(target.port, target.host);
      upstream.once("error", () => tryNext(triesLeft - 1));
      upstream.once("connect", () => {
        upstream.removeAllListeners("error");
        upstream.on("error", () => client.destroy()).on("close", () => client.destroy());
        client.on("close", () => upstream.destroy());
        client.pipe(upstream).pipe(client);
      });
    };
    tryNext(targets.length);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  // A TCP server's address is an object.
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}`,
    close() {
      server.close();
      for (const client of clients) client.destroy();
    },
  };
}
