import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server that comes to a standstill at a given request: the moment to kill whoever sent it. */
export interface FreezingProxy extends AsyncDisposable {
  readonly port: number;
  /** Holds back the request that has this text in it, and whatever follows. Resolves when it has come. */
  freezeAt(text: string): Promise<void>;
}

/** Listens on loopback and forwards to a port there. */
export async function freezingProxy(targetPort: number): Promise<FreezingProxy> {
  let pattern: string | undefined;
  let frozen = false;
  let reached: () => void = () => undefined;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(targetPort, "127.0.0.1");
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket
        .on("error", () => socket.destroy())
        .on("close", () => {
          open.delete(socket);
          client.destroy();
          upstream.destroy();
        });
    }
    client.on("data", (data) => {
      if (pattern !== undefined && data.includes(pattern)) {
        frozen = true;
        reached();
      }
      if (!frozen) upstream.write(data);
    });
    upstream.on("data", (data) => client.write(data));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    // A TCP server's address is an object.
    port: (server.address() as AddressInfo).port,
    freezeAt(text) {
      pattern = text;
      return new Promise((resolve) => {
        reached = resolve;
      });
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
