import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createServer, pgliteStorage, type RunmetaServer } from "../../../server/src/index.ts";
import { configure, requireApiClient } from "../../src/client/configure.ts";
import { runs } from "../../src/client/runs.ts";
import { triggerTask } from "../../src/client/trigger.ts";
import { NotFoundError } from "../../src/errors.ts";

let server: RunmetaServer;
/** Stands between client and server; cuts what it passes on when it is told to. */
let proxy: Server;
let cut: () => void = () => undefined;
const seenEventIds: (string | undefined)[] = [];

beforeAll(async () => {
  server = await createServer({ storage: pgliteStorage({}) });
  await server.listen({ port: 0 });
  proxy = createHttpServer((incoming, outgoing) => {
    const controller = new AbortController();
    if (incoming.url?.includes("/events")) {
      seenEventIds.push(incoming.headers["last-event-id"]?.toString());
      cut = () => outgoing.destroy();
    }
    outgoing.once("close", () => controller.abort());
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", async () => {
      const { host: _, connection: __, "content-length": ___, ...headers } = incoming.headers;
      try {
        const response = await fetch(`${server.url}${incoming.url}`, {
          method: incoming.method ?? "GET",
          headers: headers as Record<string, string>,
          signal: controller.signal,
          ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
        });
        outgoing.writeHead(response.status, { "content-type": response.headers.get("content-type") ?? "" });
        for await (const piece of response.body ?? []) outgoing.write(piece);
        outgoing.end();
      } catch {
        outgoing.destroy();
      }
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  configure({ baseURL: `http://127.0.0.1:${port}`, accessToken: server.secretKey });
});

afterAll(async () => {
  configure({});
  proxy.closeAllConnections();
  proxy.close();
  await server.close();
});

function set(id: string, key: string, value: unknown) {
  const operations = [{ type: "set", key, value }];
  return requireApiClient().send("PUT", `/api/v1/runs/${id}/metadata`, { body: { operations } });
}

async function execute(id: string): Promise<void> {
  const client = requireApiClient();
  await client.send("POST", `/engine/v1/runs/${id}/start`, { body: { attempt: 1 } });
  await client.send("POST", `/engine/v1/runs/${id}/complete`, { body: { attempt: 1, ok: true, output: 7 } });
}

it("gives every change of a run once, over a connection that breaks, and ends with it", async () => {
  const { id } = await triggerTask("hello", { n: 1 });
  seenEventIds.length = 0;
  const seen: unknown[] = [];
  const steps = [
    () => set(id, "step", 1),
    async () => {
      cut();
      await set(id, "step", 2);
    },
    async () => cut(),
  ];
  let quiet: Promise<unknown> = Promise.resolve();
  for await (const run of runs.subscribeToRun(id)) {
    expect(run).toMatchObject({ id, payload: { n: 1 } });
    expect(run.createdAt).toBeInstanceOf(Date);
    seen.push([run.status, run.metadata]);
    await steps.shift()?.();
    // Cut while nothing happens: what comes after the reconnection is only what is new.
    if (steps.length === 0) {
      await quiet;
      quiet = set(id, "last", true).then(() => execute(id));
      steps.push(
        async () => undefined,
        async () => undefined,
        async () => undefined,
      );
    }
  }
  await quiet;
  expect(seen.slice(0, 3)).toEqual([
    ["QUEUED", {}],
    ["QUEUED", { step: 1 }],
    ["QUEUED", { step: 2 }],
  ]);
  expect(seen.at(-1)).toEqual(["COMPLETED", { step: 2, last: true }]);
  expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(seen.length);
  expect(seenEventIds[0]).toBeUndefined();
  expect(seenEventIds.length).toBeGreaterThanOrEqual(3);
  expect(seenEventIds.slice(1).every((one) => one !== undefined)).toBe(true);
});

it("throws for a run that is not there, and for a key that is wrong", async () => {
  const iterate = async (id: string) => {
    for await (const _ of runs.subscribeToRun(id)) expect.unreachable();
  };
  await expect(iterate("run_unknown")).rejects.toThrow(NotFoundError);
  const wrong = requireApiClient().with({ accessToken: "tr_dev_wrong" });
  configure({ baseURL: wrong.baseURL, accessToken: "tr_dev_wrong" });
  await expect(iterate("run_unknown")).rejects.toMatchObject({ status: 401 });
  configure({ baseURL: wrong.baseURL, accessToken: server.secretKey });
});

it("ends when the loop is left, at unsubscribe() and at the signal, and closes the connection", async () => {
  const { id } = await triggerTask("hello", {});
  for await (const run of runs.subscribeToRun(id)) {
    expect(run.status).toBe("QUEUED");
    break;
  }
  const subscription = runs.subscribeToRun(id);
  for await (const _ of subscription) subscription.unsubscribe();
  const controller = new AbortController();
  for await (const _ of runs.subscribeToRun(id, { signal: controller.signal })) controller.abort();
  for await (const _ of runs.subscribeToRun(id, { signal: controller.signal })) expect.unreachable();
  await new Promise<void>((resolve) => {
    const look = () =>
      proxy.getConnections((_, count) => {
        proxy.closeIdleConnections();
        if (count === 0) resolve();
        else setImmediate(look);
      });
    look();
  });
});

it("follows runs by their tags, and the runs of a batch", async () => {
  const { id } = await triggerTask("hello", {}, { tags: ["followed", "twice"] });
  await triggerTask("hello", {}, { tags: ["followed"] });
  const seen: unknown[] = [];
  for await (const run of runs.subscribeToRunsWithTag(["followed", "twice"])) {
    seen.push([run.id, run.metadata]);
    if (seen.length === 2) break;
    await set(id, "seen", true);
  }
  expect(seen).toEqual([
    [id, {}],
    [id, { seen: true }],
  ]);
  const client = requireApiClient();
  const batch = await client.request<{ id: string }>("POST", "/api/v3/batches", { body: { runCount: 1 } });
  await client.send("POST", `/api/v3/batches/${batch.id}/items`, {
    body: `${JSON.stringify({ index: 0, task: "hello", payload: 1 })}\n`,
    headers: { "content-type": "application/x-ndjson" },
  });
  for await (const run of runs.subscribeToBatch(batch.id)) {
    expect(run.batchId).toBe(batch.id);
    break;
  }
});
