import { describe, expect, it } from "vitest";
import { startTestServer } from "../../../server/test/server/test-server.ts";
import {
  configure,
  type Drop,
  metadata,
  type RecordsApi,
  type RunOptions,
  records,
  recordTarget,
  type WarningCode,
  withRunResult,
} from "../../src/index.ts";
import { runtypeServer } from "./runtype-server.ts";

const KEY = "rt_key_secret";

/** Runs at a record, with what went wrong. */
async function runAt(id: string, api: RecordsApi | undefined, body: () => unknown, options: RunOptions = {}) {
  const drops: Drop[] = [];
  const warnings: WarningCode[] = [];
  const result = await withRunResult(
    {
      target: recordTarget(id, api),
      flush: { drainTimeoutMs: 60_000 },
      onDrop: (drop) => drops.push(drop),
      onWarning: ({ code }) => warnings.push(code),
      ...options,
    },
    body,
  );
  return { result, drops, warnings };
}

describe("a record's document at our server", () => {
  it("is read first, goes on where it was, and is replaced whole; everything else of the record stays", async () => {
    await using server = await startTestServer();
    configure({
      baseURL: "http://in-process",
      accessToken: server.server.secretKey,
      fetch: (request) => server.server.fetch(request),
    });
    const { id } = await records.create({
      id: "rec/1",
      type: "customer",
      name: "Ada",
      metadata: { count: 5, list: ["a"], keep: true },
      messages: [{ role: "user" }],
    });
    const { result, drops } = await runAt(id, undefined, async () => {
      expect(metadata.get("count")).toBe(5);
      metadata.increment("count", 2);
      await metadata.flush();
      metadata.append("list", "b").set("$.deep.er", 1);
    });
    expect(result).toMatchObject({ ok: true, flushed: true, pending: 0 });
    expect(drops).toEqual([]);
    expect(await records.retrieve(id)).toMatchObject({
      name: "Ada",
      type: "customer",
      messages: [{ role: "user" }],
      metadata: { count: 7, list: ["a", "b"], keep: true, deep: { er: 1 } },
    });
    configure({});
    expect(server.errors).toEqual([]);
  });
});

describe.each([
  ["the bare key", KEY],
  ["a bearer key", `Bearer ${KEY}`],
])("a record's document at a server that knows only PUT and GET, and %s", (_, authorization) => {
  it("is read, written and found again", async () => {
    await using server = await runtypeServer(authorization);
    server.add("a/b", { n: 1, keep: true });
    const api = { baseURL: server.url, apiKey: KEY };
    const { result } = await runAt("a/b", api, async () => {
      metadata.increment("n");
      await metadata.flush();
      metadata.increment("n");
    });
    expect(result).toMatchObject({ ok: true, flushed: true });
    expect(server.records.get("a/b")).toMatchObject({ name: "Ada", metadata: { n: 3, keep: true } });
    // Only the first request of a run may be refused: what is taken is kept.
    const refused = server.requests.filter((request) => request.authorization !== authorization);
    expect(refused.map((request) => request.method)).toEqual(authorization === KEY ? ["GET"] : []);
    expect(server.requests.at(-1)).toMatchObject({
      method: "PUT",
      path: "/v1/records/a%2Fb",
      body: JSON.stringify({ metadata: { n: 3, keep: true } }),
    });
  });
});

describe("faults on the way to a record", () => {
  it("F4 reply lost after the server applied: increments and appends count once", async () => {
    await using server = await runtypeServer(KEY);
    server.add("r", { n: 10, list: [] });
    let lost = 0;
    server.plan((method) => (method === "PUT" && (lost += 1) <= 2 ? "lost" : undefined));
    const { drops } = await runAt("r", { baseURL: `${server.url}/v1/`, apiKey: KEY }, async () => {
      metadata.increment("n").append("list", 1);
      await metadata.flush();
      metadata.increment("n").append("list", 2);
    });
    expect(lost).toBeGreaterThan(2);
    expect(drops).toEqual([]);
    expect(server.records.get("r")?.metadata).toEqual({ n: 12, list: [1, 2] });
  });

  it("F6 401 pauses, keeps the writes and goes on at flush() once the key is taken; the key is in no message", async () => {
    await using server = await runtypeServer(KEY);
    server.add("r", { n: 1 });
    const told: string[] = [];
    let refused = true;
    server.plan(() => (refused ? { status: 401 } : undefined));
    const { drops, result } = await runAt(
      "r",
      { baseURL: server.url, apiKey: KEY },
      async () => {
        metadata.increment("n");
        await expect(metadata.flush()).rejects.toMatchObject({ code: "RUNMETA_METADATA_FLUSH", pending: 1 });
        refused = false;
        await metadata.flush();
      },
      { onWarning: ({ code, message }) => told.push(`${code} ${message}`) },
    );
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^UNAUTHORIZED /);
    expect(told[0]).not.toContain(KEY);
    expect([drops, result.flushed]).toEqual([[], true]);
    expect(server.records.get("r")?.metadata).toEqual({ n: 2 });
  });

  it.each([400, 403, 413])("F6 %i: the write at fault is lost alone and by name", async (status) => {
    await using server = await runtypeServer(KEY);
    server.add("r", { n: 1 });
    server.plan((method, body) => (method === "PUT" && body.includes("bad") ? { status } : undefined));
    const { result, drops } = await runAt("r", { baseURL: server.url, apiKey: KEY }, () => {
      metadata.increment("n").set("bad", 1).set("good", 1);
      return "done";
    });
    expect(result).toMatchObject({ ok: true, value: "done" });
    expect(drops.every((drop) => drop.reason === "refused")).toBe(true);
    expect(drops.flatMap((drop) => drop.keys)).toContain("bad");
    // 403 is about the whole record: nothing of the batch is tried on its own.
    const stored = status === 403 ? { n: 1 } : { n: 2, good: 1 };
    expect(server.records.get("r")?.metadata).toEqual(stored);
  });

  it("F6 404: a record that is not there loses the writes by name, and does not fail the job", async () => {
    await using server = await runtypeServer(KEY);
    const { result, drops } = await runAt("none", { baseURL: server.url, apiKey: KEY }, () => {
      metadata.set("n", 1);
      return "done";
    });
    expect(result).toMatchObject({ ok: true, value: "done" });
    expect(drops).toMatchObject([{ reason: "refused", keys: ["n"] }]);
    expect(server.requests.every((request) => request.method === "GET")).toBe(true);
  });

  it("F2 cannot be read when the run begins: nothing that is stored is overwritten", async () => {
    await using server = await runtypeServer(KEY);
    server.add("r", { n: 10, keep: true });
    let reads = 0;
    server.plan((method) => (method === "GET" && (reads += 1) <= 2 ? { status: 503 } : undefined));
    await runAt("r", { baseURL: server.url, apiKey: KEY }, () => metadata.increment("n").set("new", 1), {
      metadata: { n: 0, title: "t" },
    });
    expect(server.records.get("r")?.metadata).toEqual({ n: 11, keep: true, new: 1 });
  });

  it("F9 a reply that is no record counts as stored, with a warning", async () => {
    await using server = await runtypeServer(KEY);
    server.add("r", { n: 1 });
    server.plan((method) => (method === "PUT" ? { body: "{" } : undefined));
    const { warnings } = await runAt("r", { baseURL: server.url, apiKey: KEY }, async () => {
      metadata.increment("n");
      await metadata.flush();
      metadata.increment("n");
    });
    expect(warnings).toEqual(["UNREADABLE_REPLY"]);
    expect(server.records.get("r")?.metadata).toEqual({ n: 3 });
  });

  it("of two writers the last one wins, with the whole document", async () => {
    await using server = await runtypeServer(KEY);
    server.add("r", { n: 0 });
    const api = { baseURL: server.url, apiKey: KEY };
    await runAt("r", api, async () => {
      await runAt("r", api, () => metadata.increment("n").set("inner", true));
      metadata.increment("n").set("outer", true);
    });
    expect(server.records.get("r")?.metadata).toEqual({ n: 1, outer: true });
  });
});

it("what cannot be a record, or no API, is refused at the call", () => {
  const api = { baseURL: "http://127.0.0.1:1", apiKey: KEY };
  for (const wrong of ["", ".", "..", "\ud800"])
    expect(() => recordTarget(wrong, api)).toThrow(expect.objectContaining({ code: "RUNMETA_CONFIG" }));
  expect(() => recordTarget("r", { ...api, apiKey: "a b" })).toThrow(/access token/);
  expect(() => recordTarget("r", { ...api, baseURL: "ftp://x" })).toThrow(/http/);
  configure({});
  expect(() => recordTarget("r")).toThrow(expect.objectContaining({ code: "RUNMETA_CONFIG" }));
});
