import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createServer, inlineEngine, pgliteStorage, type RunmetaServer } from "../../../server/src/index.ts";
import { configure, metadata, runs, task, withRun, withRunResult } from "../../src/index.ts";
import { startLossyProxy } from "./lossy-proxy.ts";

afterEach(() => configure({}));

const secretKeys = ["tr_dev_end-to-end-key"];

async function startServer(directory?: string, port = 0): Promise<RunmetaServer> {
  const server = await createServer({
    storage: directory === undefined ? pgliteStorage({}) : pgliteStorage({ directory }),
    engine: inlineEngine(),
    secretKeys,
    maximumSize: 16_384,
  });
  await server.listen({ port });
  return server;
}

/** Gives other runs a turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe("a run, from the call to the database", { timeout: 90_000 }, () => {
  it("F4 counters are exact when every third reply is lost after it was applied", async () => {
    const server = await startServer();
    await using proxy = await startLossyProxy(server.url);
    configure({ baseURL: proxy.url, accessToken: server.secretKey });
    const drops: unknown[] = [];
    const options = {
      maximumSize: 16_384,
      flush: { debounceMs: 5, maxWaitMs: 20, drainTimeoutMs: 60_000 },
      onDrop: (drop: unknown) => drops.push(drop),
      onWarning: () => {},
    };
    const rounds = Array.from({ length: 12 }, (_, round) => round);
    const children = Array.from({ length: 20 }, (_, child) => `run_child${child}`);

    await withRun({ ...options, id: "run_parent" }, async () => {
      const results = await Promise.all(
        children.map((id) =>
          withRunResult({ ...options, id, parentId: "run_parent", rootId: "run_parent" }, async () => {
            for (const round of rounds) {
              metadata.increment("n").append("log", round);
              metadata.parent.increment("total");
              await turn();
              if (round % 7 === 0) await metadata.flush({ timeoutMs: 60_000 });
            }
            metadata.root.append("done", id);
          }),
        ),
      );
      for (const result of results) expect(result).toMatchObject({ ok: true, flushed: true, pending: 0 });
    });

    expect(proxy.lost).toBeGreaterThan(20);
    expect(drops).toEqual([]);
    for (const id of children)
      expect((await runs.retrieve(id)).metadata).toEqual({ n: rounds.length, log: rounds });
    const parent = await runs.retrieve("run_parent");
    expect(parent.metadata).toMatchObject({ total: children.length * rounds.length });
    expect([...(parent.metadata!.done as string[])].sort()).toEqual([...children].sort());
    expect(parent.status).toBe("COMPLETED");
    await server.close();
  });

  it("F4 triggers are exact too: a lost reply to a trigger makes no second run", async () => {
    const server = await startServer();
    await using proxy = await startLossyProxy(server.url);
    configure({ baseURL: proxy.url, accessToken: server.secretKey });
    let executed = 0;
    const counted = task({
      id: "counted",
      run: async (n: number) => {
        executed += 1;
        metadata.set("n", n);
      },
    });
    const handles = await Promise.all(Array.from({ length: 9 }, (_, n) => counted.triggerAndWait(n)));
    expect(proxy.lost).toBeGreaterThanOrEqual(3);
    expect(executed).toBe(9);
    const stored = await Promise.all(handles.map(async ({ id }) => (await runs.retrieve(id)).metadata));
    expect(stored).toEqual(handles.map((_, n) => ({ n })));
    await server.close();
  });

  it("F1 a server that is down for a while and starts again has everything, once", async () => {
    const directory = await mkdtemp(join(tmpdir(), "runmeta-down-"));
    const first = await startServer(directory);
    const port = Number(new URL(first.url).port);
    const failures = failureCounter();
    configure({ baseURL: first.url, accessToken: first.secretKey, fetch: failures.fetch });
    const writes = Array.from({ length: 200 }, (_, write) => write);

    const result = await withRunResult(
      { id: "run_down", maximumSize: 16_384, flush: { debounceMs: 5, maxWaitMs: 20 }, onWarning: () => {} },
      async () => {
        metadata.increment("n").set("before", true);
        await metadata.flush();
        await first.close();
        for (const write of writes) {
          metadata.increment("n").append("log", write);
          if (write % 20 === 0) await turn();
        }
        await failures.reach(2);
        metadata.set("during", true);
        const again = await startServer(directory, port);
        await metadata.flush({ timeoutMs: 30_000 });
        metadata.set("after", true);
        return again;
      },
    );

    expect(result).toMatchObject({ ok: true, flushed: true, pending: 0 });
    expect((await runs.retrieve("run_down")).metadata).toEqual({
      n: 1 + writes.length,
      before: true,
      during: true,
      after: true,
      log: writes,
    });
    if (result.ok) await result.value.close();
    await rm(directory, { recursive: true, force: true });
  });

  it("I8 a thousand sets in one window are one request", async () => {
    const server = await startServer();
    const puts: string[] = [];
    configure({
      baseURL: server.url,
      accessToken: server.secretKey,
      fetch: (request) => {
        if (request.method === "PUT" && request.url.endsWith("/metadata")) puts.push(request.url);
        return fetch(request);
      },
    });
    await withRun({ id: "run_thousand" }, async () => {
      for (let n = 1; n <= 1_000; n += 1) metadata.set("n", n).set(`key${n % 10}`, n);
      await metadata.flush();
      expect(puts).toHaveLength(1);
    });
    expect(puts).toHaveLength(1);
    expect((await runs.retrieve("run_thousand")).metadata).toMatchObject({
      n: 1_000,
      key0: 1_000,
      key9: 999,
    });
    await server.close();
  });
});

/** A `fetch` that tells when so many requests have failed to reach anybody. */
function failureCounter() {
  let failed = 0;
  let waiting: { readonly count: number; readonly resolve: () => void } | undefined;
  return {
    fetch: async (request: Request): Promise<Response> => {
      try {
        return await fetch(request);
      } catch (error) {
        failed += 1;
        if (waiting !== undefined && failed >= waiting.count) waiting.resolve();
        throw error;
      }
    },
    reach(count: number): Promise<void> {
      if (failed >= count) return Promise.resolve();
      return new Promise((resolve) => {
        waiting = { count, resolve };
      });
    },
  };
}
