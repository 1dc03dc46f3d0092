import { describe, expect, it } from "vitest";
import { ApiClient } from "../../src/client/api-client.ts";
import { apiClientKey } from "../../src/client/configure.ts";
import { runs } from "../../src/client/runs.ts";
import { runInScope } from "../../src/context/context-storage.ts";
import { fakeScope } from "./fake-scope.ts";
import { scriptedServer, TOKEN } from "./scripted-server.ts";
import { skippingClock } from "./skipping-clock.ts";

const common = {
  id: "run_1",
  status: "EXECUTING",
  taskIdentifier: "t",
  isQueued: false,
  isExecuting: true,
  isWaiting: false,
  isCompleted: false,
  isSuccess: false,
  isFailed: false,
  isCancelled: false,
  isTest: false,
  createdAt: "2026-01-02T03:04:05.000Z",
  updatedAt: "2026-01-02T03:04:06.000Z",
  tags: ["a"],
  costInCents: 0,
  baseCostInCents: 0,
  durationMs: 0,
};
const related = { ...common, depth: 0, triggerFunction: "trigger" };
const run = { ...related, relatedRuns: {} };
const listed = (id: string) => ({ ...common, id, env: { id: "env", name: "dev" } });

describe("runs.retrieve", () => {
  it("gives the run with its metadata, and dates as Dates", async () => {
    await using server = await scriptedServer([
      {
        body: {
          ...run,
          startedAt: "2026-01-02T03:04:05.500Z",
          metadata: { progress: 0.5, nested: { list: [1, null] } },
          payload: { n: 1 },
          attemptCount: 2,
          relatedRuns: {
            parent: { ...related, id: "run_0" },
            children: [{ ...related, id: "run_2", depth: 2 }],
          },
        },
      },
    ]);
    const retrieved = await runs.retrieve("run_1");
    expect(server.requests[0]).toMatchObject({ method: "GET", path: "/api/v3/runs/run_1" });
    expect(retrieved).toMatchObject({
      id: "run_1",
      status: "EXECUTING",
      createdAt: new Date("2026-01-02T03:04:05.000Z"),
      startedAt: new Date("2026-01-02T03:04:05.500Z"),
      metadata: { progress: 0.5, nested: { list: [1, null] } },
      payload: { n: 1 },
      attemptCount: 2,
      relatedRuns: {
        parent: { id: "run_0", createdAt: new Date("2026-01-02T03:04:05.000Z") },
        children: [{ depth: 2 }],
      },
    });
    expect(retrieved.finishedAt).toBeUndefined();
  });

  it("takes the handle of a trigger", async () => {
    await using server = await scriptedServer([{ body: run }]);
    expect((await runs.retrieve({ id: "run_1", taskIdentifier: "t" })).attemptCount).toBe(0);
    expect(server.requests[0]?.path).toBe("/api/v3/runs/run_1");
  });

  it.each([
    ["status", { ...run, status: "RUNNING" }],
    ["createdAt", { ...run, createdAt: undefined }],
    ["startedAt", { ...run, startedAt: "yesterday" }],
    ["finishedAt", { ...run, finishedAt: null }],
    ["metadata", { ...run, metadata: [1] }],
    ["relatedRuns.parent.depth", { ...run, relatedRuns: { parent: { ...related, depth: "1" } } }],
  ])("a 2xx reply with a bad %s is an ApiError that names it", async (field, body) => {
    await using _ = await scriptedServer([{ body }]);
    await expect(runs.retrieve("run_1")).rejects.toMatchObject({
      code: "RUNMETA_API",
      status: 200,
      message: expect.stringContaining(`"${field}"`),
    });
  });

  it("gives what the server says about a run that does not exist", async () => {
    await using server = await scriptedServer([{ status: 404, body: { error: "Not found" } }]);
    await expect(runs.retrieve("run_1")).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining("Not found"),
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each(["", "..", "a/../../v1/secrets"])("the id %j calls nothing else", async (id) => {
    await using server = await scriptedServer([{ status: 404 }]);
    await expect(runs.retrieve(id)).rejects.toThrow();
    for (const request of server.requests) expect(request.path).toMatch(/^\/api\/v3\/runs\/[^/]+$/);
  });
});

describe("runs.list", () => {
  it("iterates through all pages, and each page is asked for when it is needed", async () => {
    await using server = await scriptedServer([
      { body: { data: [listed("run_3"), listed("run_2")], pagination: { next: "c1" } } },
      { body: { data: [listed("run_1")], pagination: { previous: "c0" } } },
    ]);
    const ids: string[] = [];
    for await (const item of runs.list({
      status: ["EXECUTING", "QUEUED"],
      tag: "a",
      limit: 2,
      isTest: false,
    })) {
      ids.push(item.id);
      if (ids.length === 1) expect(server.requests).toHaveLength(1);
    }
    expect(ids).toEqual(["run_3", "run_2", "run_1"]);
    expect(Object.fromEntries(server.requests[0]?.query ?? [])).toEqual({
      "page[size]": "2",
      "filter[status]": "EXECUTING,QUEUED",
      "filter[tag]": "a",
      "filter[isTest]": "false",
    });
    expect(server.requests[1]?.query.get("page[after]")).toBe("c1");
    expect(server.requests[1]?.query.get("filter[tag]")).toBe("a");
  });

  it("a page goes forward and back, and says where the list ends", async () => {
    await using server = await scriptedServer([
      { body: { data: [listed("run_2")], pagination: { next: "c1" } } },
      { body: { data: [listed("run_1")], pagination: { previous: "c0" } } },
      { body: { data: [listed("run_2")], pagination: { next: "c1" } } },
    ]);
    const first = await runs.list();
    expect(first.data[0]?.createdAt).toBeInstanceOf(Date);
    expect([first.hasNextPage(), first.hasPreviousPage()]).toEqual([true, false]);
    const second = await first.getNextPage();
    expect([second.hasNextPage(), second.hasPreviousPage()]).toEqual([false, true]);
    await expect(second.getNextPage()).rejects.toMatchObject({ code: "RUNMETA_CONFIG" });
    expect((await second.getPreviousPage()).data[0]?.id).toBe("run_2");
    expect(server.requests[2]?.query.get("page[before]")).toBe("c0");
    expect(server.requests[2]?.query.has("page[after]")).toBe(false);
  });

  it("sends dates as unix milliseconds and queues with their kind", async () => {
    await using server = await scriptedServer([{ body: { data: [], pagination: {} } }]);
    await runs.list({
      from: new Date(5),
      to: 6,
      queue: [
        { type: "task", name: "a" },
        { type: "custom", name: "b" },
      ],
    });
    expect(Object.fromEntries(server.requests[0]?.query ?? [])).toEqual({
      "filter[createdAt][from]": "5",
      "filter[createdAt][to]": "6",
      "filter[queue]": "task/a,b",
    });
  });
});

describe("runs.list by metadata", () => {
  it("sends each key with its value as text", async () => {
    await using server = await scriptedServer([{ body: { data: [], pagination: {} } }]);
    await runs.list({ metadata: { stage: "a,b", "order.n": 1, ok: true, none: null } });
    expect(Object.fromEntries(server.requests[0]?.query ?? [])).toEqual({
      "filter[metadata][stage]": "a,b",
      "filter[metadata][order.n]": "1",
      "filter[metadata][ok]": "true",
      "filter[metadata][none]": "null",
    });
  });
});

describe("runs.metadataHistory", () => {
  it("gives base and changes, with dates as Dates", async () => {
    const at = "2026-01-02T03:04:05.000Z";
    const operations = [{ type: "increment", key: "done", value: 1, from: "run_child" }];
    await using server = await scriptedServer([
      {
        body: {
          limitBytes: 4096,
          base: { version: 0, at, document: { done: 0 } },
          changes: [{ version: 1, at, attempt: 1, operations }],
        },
      },
      { body: { limitBytes: 4096, changes: [] } },
    ]);
    expect(await runs.metadataHistory("run_1")).toEqual({
      limitBytes: 4096,
      base: { version: 0, at: new Date(at), document: { done: 0 } },
      changes: [{ version: 1, at: new Date(at), attempt: 1, operations }],
    });
    expect(server.requests[0]).toMatchObject({ method: "GET", path: "/api/v1/runs/run_1/metadata/history" });
    expect(await runs.metadataHistory({ id: "run_1" }, { after: 1 })).toMatchObject({ changes: [] });
    expect(server.requests[1]?.query.get("after")).toBe("1");
  });
});

describe("runs.updateMetadata", () => {
  it("replaces the document, or sends operations, and gives the document afterwards", async () => {
    await using server = await scriptedServer([
      { body: { metadata: { a: 1 } } },
      { body: { metadata: { a: 2 } } },
    ]);
    expect(await runs.updateMetadata("run_1", { metadata: { a: 1, at: new Date(0) } })).toEqual({
      metadata: { a: 1 },
    });
    await runs.updateMetadata("run_1", {
      operations: [
        { type: "increment", key: "a", value: 1 },
        { type: "delete", key: "b" },
      ],
    });
    expect(server.requests[0]).toMatchObject({
      method: "PUT",
      path: "/api/v1/runs/run_1/metadata",
      json: { metadata: { a: 1, at: "1970-01-01T00:00:00.000Z" } },
    });
    expect(server.requests[1]?.json).toEqual({
      operations: [
        { type: "increment", key: "a", value: 1 },
        { type: "delete", key: "b" },
      ],
    });
  });

  it("F4 does not count twice: an increment whose reply is lost is sent again only where it is deduplicated", async () => {
    const operations = [{ type: "increment", key: "a", value: 1 }] as const;
    await using plain = await scriptedServer([{ reset: true }, { body: { metadata: {} } }]);
    await expect(runs.updateMetadata("run_1", { operations })).rejects.toMatchObject({ status: 0 });
    expect(plain.requests.map((request) => request.method)).toEqual(["PUT", "GET"]);
    await using safe = await scriptedServer([
      { status: 500, headers: { "x-runmeta-dedupe": "1" } },
      { body: { metadata: {} } },
    ]);
    const client = new ApiClient({ baseURL: safe.url, accessToken: TOKEN, clock: skippingClock() });
    const scope = fakeScope({ attachments: new Map([[apiClientKey, client]]) });
    await runInScope(scope, () => runs.updateMetadata("run_1", { operations }));
    const keys = safe.requests.map((request) => request.headers["x-trigger-request-idempotency-key"]);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it.each([
    [{ metadata: [1] }, "RUNMETA_METADATA_VALUE"],
    [{ metadata: { f: () => {} } }, "RUNMETA_METADATA_VALUE"],
    [{ operations: [{ type: "set", key: "__proto__", value: 1 }] }, "RUNMETA_METADATA_VALUE"],
    [{ operations: [{ type: "set", key: "a", value: undefined }] }, "RUNMETA_METADATA_VALUE"],
    [{ operations: [{ type: "increment", key: "a", value: Number.NaN }] }, "RUNMETA_METADATA_VALUE"],
    [{ metadata: { a: "x".repeat(5_000) } }, "RUNMETA_METADATA_SIZE"],
    [{}, "RUNMETA_CONFIG"],
    [{ metadata: {}, operations: [] }, "RUNMETA_CONFIG"],
  ])("refuses %j before anything is sent", async (update, code) => {
    await using server = await scriptedServer([]);
    await expect(runs.updateMetadata("run_1", update as never)).rejects.toMatchObject({ code });
    expect(server.requests).toHaveLength(0);
  });
});

describe("runs.cancel and runs.poll", () => {
  it("cancel gives the id", async () => {
    await using server = await scriptedServer([{ body: { id: "run_1" } }]);
    expect(await runs.cancel("run_1")).toEqual({ id: "run_1" });
    expect(server.requests[0]).toMatchObject({ method: "POST", path: "/api/v2/runs/run_1/cancel" });
  });

  it("poll asks until the run has ended, TIMED_OUT included though isCompleted is false then", async () => {
    await using server = await scriptedServer([
      { body: run },
      { body: run },
      { body: { ...run, status: "TIMED_OUT" } },
    ]);
    const clock = skippingClock();
    const client = new ApiClient({ baseURL: server.url, accessToken: TOKEN, clock });
    const scope = fakeScope({ attachments: new Map([[apiClientKey, client]]) });
    const ended = await runInScope(scope, () => runs.poll("run_1", { pollIntervalMs: 250 }));
    expect(ended.status).toBe("TIMED_OUT");
    expect(clock.waits).toEqual([250, 250]);
  });

  it("poll refuses an interval that would flood the server", async () => {
    await expect(runs.poll("run_1", { pollIntervalMs: 0 })).rejects.toMatchObject({ code: "RUNMETA_CONFIG" });
  });
});
