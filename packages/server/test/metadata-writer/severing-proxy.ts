import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to PostgreSQL that can be cut at the worst moment: after a commit, before its reply. */
export interface SeveringProxy {
  readonly port: number;
  /** Cuts the connection of the next reply that holds this text, instead of passing it on. */
  severAt(text: string): void;
  /** How often it was cut. */
  readonly cuts: number;
  close(): Promise<void>;
}

/** Listens on loopback and forwards to the given server. */
export async function severingProxy(target: { host: string; port: number }): Promise<SeveringProxy> {
  let pattern: string | undefined;
  let cuts = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    const sever = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", sever).on("close", () => {
        open.delete(socket);
        sever();
      });
    }
    client.on("data", (data) => upstream.write(data));
    upstream.on("data", (data) => {
      if (pattern !== undefined && data.includes(pattern)) {
        pattern = undefined;
        cuts += 1;
        sever();
      } else client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    severAt: (text) => {
      pattern = text;
    },
    get cuts() {
      return cuts;
    },
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
