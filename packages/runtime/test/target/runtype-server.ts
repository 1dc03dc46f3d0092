import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to a request before, or instead of, its answer: a status, a reply that is lost, or a body of one's own. */
export type Fault = { readonly status: number } | "lost" | { readonly body: string };

/**
 * A server of somebody else's with the shape of Runtype: it knows GET and PUT of records, and keys in one form only. No
 * versions, no deduplication, none of our headers.
 */
export async function runtypeServer(authorization: string) {
  const records = new Map<string, Record<string, unknown>>();
  const requests: { method: string; path: string; authorization: string | undefined; body: string }[] = [];
  let fault: (method: string, body: string) => Fault | undefined = () => undefined;
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const { method = "", url = "" } = incoming;
    requests.push({ method, path: url, authorization: incoming.headers.authorization, body });
    const answer = (status: number, value: unknown) =>
      outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (incoming.headers.authorization !== authorization) return answer(401, { error: "Unauthorized" });
    const planned = fault(method, body);
    if (typeof planned === "object" && "status" in planned) return answer(planned.status, { error: "no" });
    const record = records.get(decodeURIComponent(/^\/v1\/records\/([^/]+)$/.exec(url)?.[1] ?? ""));
    if (record === undefined) return answer(404, { error: "Not found" });
    if (method === "PUT") Object.assign(record, JSON.parse(body), { updatedAt: new Date().toISOString() });
    else if (method !== "GET") return answer(405, { error: "Method not allowed" });
    if (planned === "lost") return incoming.socket.resetAndDestroy();
    if (typeof planned === "object") {
      return outgoing.writeHead(200, { "content-type": "application/json" }).end(planned.body);
    }
    return answer(200, record);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    records,
    requests,
    /** What goes wrong from now on. */
    plan(next: typeof fault) {
      fault = next;
    },
    add(id: string, metadata: unknown) {
      const at = "2026-01-02T03:04:05.000Z";
      const rest = {
        userId: "user_1",
        organizationId: null,
        productSurfaceId: null,
        messages: [{ role: "user" }],
      };
      records.set(id, { id, type: "customer", name: "Ada", metadata, ...rest, createdAt: at, updatedAt: at });
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
