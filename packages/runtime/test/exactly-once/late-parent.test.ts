import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createServer, noEngine, pgliteStorage, type RunmetaServer } from "../../../server/src/index.ts";
import { ApiClient } from "../../src/client/api-client.ts";
import { metadata, withRunResult } from "../../src/index.ts";
import { fastClock } from "./fast-clock.ts";

const KEY = "tr_dev_late-parent";
const clock = fastClock(50);
let server: RunmetaServer;
beforeAll(async () => {
  server = await createServer({ storage: pgliteStorage({}), engine: noEngine(), secretKeys: [KEY] });
});
afterAll(() => server.close());

/** A client of the real server, which can be cut off. */
function connection() {
  const line = { up: false };
  const fetch = async (request: Request): Promise<Response> => {
    if (!line.up) throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    return server.fetch(request);
  };
  const client = new ApiClient({ baseURL: "http://localhost", accessToken: KEY, fetch, clock });
  const document = async (id: string) =>
    (await client.request<{ metadata: object }>("GET", `/api/v1/runs/${id}/metadata`)).metadata;
  return { line, client, document };
}

describe("a parent that the server hears of late", () => {
  const quiet = { clock, onWarning: () => {} };

  it("is announced before its child, so that the child's writes to it do not land on the child", async () => {
    const { line, client, document } = connection();
    await withRunResult({ ...quiet, id: "run_late_parent", client }, async () => {
      line.up = true;
      await withRunResult({ ...quiet, id: "run_child", parentId: "run_late_parent", client }, () => {
        metadata.set("mine", 1).parent.increment("n");
        metadata.root.increment("n");
      });
    });
    // The drain is 100 ms on the wall; what a busy machine did not send by then comes after it.
    await expect.poll(() => document("run_late_parent")).toEqual({ n: 2 });
    await expect.poll(() => document("run_child")).toEqual({ mine: 1 });
  });

  it("is announced first also when both have ended before the server is there", async () => {
    const { line, client, document } = connection();
    const flush = { drainTimeoutMs: 50 };
    const stats: (() => { pending: number })[] = [];
    await withRunResult({ ...quiet, id: "run_gone_parent", client, flush }, async (parent) => {
      stats.push(parent.stats);
      await withRunResult(
        { ...quiet, id: "run_gone_child", parentId: "run_gone_parent", client, flush },
        (child) => {
          stats.push(child.stats);
          metadata.set("mine", 1).parent.increment("n");
        },
      );
    });
    line.up = true;
    await expect.poll(() => stats.map((of) => of().pending)).toEqual([0, 0]);
    expect(await document("run_gone_parent")).toEqual({ n: 1 });
    expect(await document("run_gone_child")).toEqual({ mine: 1 });
  });
});
