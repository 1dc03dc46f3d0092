import { describe, expect, it } from "vitest";
import { startTestServer } from "../../../server/test/server/test-server.ts";
import { ApiClient } from "../../src/client/api-client.ts";
import { apiClientKey } from "../../src/client/configure.ts";
import { runInScope } from "../../src/context/context-storage.ts";
import { records } from "../../src/index.ts";
import { fakeScope } from "./fake-scope.ts";
import { scriptedServer, TOKEN } from "./scripted-server.ts";
import { skippingClock } from "./skipping-clock.ts";

const record = {
  id: "rec_1",
  type: "customer",
  name: "Ada",
  metadata: { plan: "free" },
  messages: null,
  userId: "user_1",
  organizationId: null,
  productSurfaceId: null,
  createdAt: "2026-01-02T03:04:05.000Z",
  updatedAt: "2026-01-02T03:04:06.000Z",
};

/** Calls with a client whose waits take no time. */
function skippingWaits<T>(url: string, body: () => T): T {
  const client = new ApiClient({ baseURL: url, accessToken: TOKEN, clock: skippingClock() });
  return runInScope(fakeScope({ attachments: new Map([[apiClientKey, client]]) }), body);
}

describe("records at our server", () => {
  it("are made, read, listed, changed and deleted", async () => {
    await using server = await startTestServer();
    const api = records.with({
      baseURL: "http://in-process/v1",
      apiKey: server.server.secretKey,
      fetch: (request) => server.server.fetch(request),
    });
    const made = await api.create({ id: "rec/a b", type: "customer", name: "Ada", metadata: { n: 1 } });
    expect(made).toMatchObject({
      id: "rec/a b",
      metadata: { n: 1 },
      messages: null,
      etag: expect.any(String),
    });
    expect(made.createdAt).toBeInstanceOf(Date);
    expect(await api.retrieve("rec/a b")).toEqual(made);
    await expect(api.create({ id: "rec/a b", type: "t", name: "n" })).rejects.toMatchObject({ status: 409 });

    const changed = await api.update(made.id, { metadata: { n: 2 } }, { ifMatch: made.etag });
    expect(changed).toMatchObject({ name: "Ada", metadata: { n: 2 } });
    await expect(api.update(made.id, { name: "B" }, { ifMatch: made.etag })).rejects.toMatchObject({
      status: 409,
    });
    await expect(api.delete(made.id, { ifMatch: made.etag })).rejects.toMatchObject({ status: 409 });

    for (const name of ["1", "2", "3"]) await api.create({ type: "listed", name });
    const names: string[] = [];
    for await (const listed of api.list({ type: "listed", limit: 2 })) names.push(listed.name);
    expect(names).toEqual(["3", "2", "1"]);
    const second = await (await api.list({ type: "listed", limit: 2 })).getNextPage();
    expect((await second.getPreviousPage()).data.map((listed) => listed.name)).toEqual(["3", "2"]);
    expect((await api.list({ type: "listed", name: "2" })).data).toHaveLength(1);

    await api.delete(made.id);
    await expect(api.retrieve(made.id)).rejects.toMatchObject({ status: 404 });
    expect(server.errors).toEqual([]);
  });
});

describe("records at another server", () => {
  it("are called in the words of Runtype, and pages go on by nextCursor", async () => {
    await using server = await scriptedServer([
      {
        body: { data: [record], pagination: { nextCursor: "c1", prevCursor: null, hasMore: true, limit: 1 } },
      },
      { body: { data: [{ ...record, id: "rec_0" }], pagination: { nextCursor: null, hasMore: false } } },
    ]);
    const ids: string[] = [];
    for await (const { id } of records.list({ type: "customer", limit: 1 })) ids.push(id);
    expect(ids).toEqual(["rec_1", "rec_0"]);
    expect(server.requests.map((request) => Object.fromEntries(request.query))).toEqual([
      { type: "customer", limit: "1" },
      { type: "customer", limit: "1", cursor: "c1" },
    ]);
  });

  it("409 is an answer, and not asked again", async () => {
    await using server = await scriptedServer([{ status: 409, body: { error: "there already" } }]);
    await expect(records.create({ type: "t", name: "n" })).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining("there already"),
    });
    expect(server.requests).toHaveLength(1);
  });

  it("F4 a create whose reply was lost is not sent twice where that would make two", async () => {
    await using server = await scriptedServer((request) =>
      request.method === "POST" ? { reset: true } : { body: { data: [], pagination: {} } },
    );
    await skippingWaits(server.url, () =>
      expect(records.create({ type: "t", name: "n" })).rejects.toThrow(/may have been applied/),
    );
    expect(server.requests.filter((request) => request.method === "POST")).toHaveLength(1);
  });

  it("F4 an update whose reply was lost is sent again under the same key", async () => {
    await using server = await scriptedServer((_, index) => (index < 2 ? { reset: true } : { body: record }));
    await skippingWaits(server.url, () => records.update("rec_1", { messages: null, name: "n" }));
    const keys = server.requests.map((request) => request.headers["x-trigger-request-idempotency-key"]);
    expect(new Set(keys).size).toBe(1);
    expect(server.requests.map((request) => request.json)).toEqual(
      Array(3).fill({ messages: null, name: "n" }),
    );
  });

  it("a key that is taken bare only is sent bare from then on; a wrong one is asked for twice", async () => {
    await using server = await scriptedServer((request) =>
      request.headers.authorization === "rt_1" ? { body: record } : { status: 401, body: { error: "no" } },
    );
    const api = records.with({ baseURL: server.url, apiKey: "rt_1" });
    await api.retrieve("rec_1");
    await api.retrieve("rec_1");
    const seen = () => server.requests.map((request) => request.headers.authorization);
    expect(seen()).toEqual(["Bearer rt_1", "rt_1", "rt_1"]);
    const wrong = await records
      .with({ baseURL: server.url, apiKey: "rt_wrong" })
      .retrieve("rec_1")
      .catch((error: Error) => error);
    expect(wrong).toMatchObject({ status: 401 });
    expect(String(wrong)).not.toContain("rt_wrong");
    expect(seen().slice(3)).toEqual(["Bearer rt_wrong", "rt_wrong"]);
  });

  it("a configured key is never sent bare", async () => {
    await using server = await scriptedServer([{ status: 401, body: { error: "no" } }]);
    await expect(records.retrieve("rec_1")).rejects.toMatchObject({ status: 401 });
    expect(server.requests.map((request) => request.headers.authorization)).toEqual([`Bearer ${TOKEN}`]);
  });

  it("values that are no JSON are refused before anything is sent", async () => {
    await using server = await scriptedServer([]);
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    for (const metadata of [{ f: () => 1 }, circular, { big: "x".repeat(3_000_000) }])
      await expect(records.update("rec_1", { metadata })).rejects.toThrow();
    await expect(records.update("", { name: "n" })).rejects.toMatchObject({ code: "RUNMETA_CONFIG" });
    expect(server.requests).toEqual([]);
  });

  it("a reply that is no record names the field", async () => {
    await using server = await scriptedServer([{ body: { ...record, createdAt: "soon" } }, { body: [] }]);
    await expect(records.retrieve("rec_1")).rejects.toThrow(/"createdAt"/);
    await expect(records.retrieve("rec_1")).rejects.toMatchObject({ code: "RUNMETA_API" });
    expect(server.requests).toHaveLength(2);
  });
});
