import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createServer, noEngine, pgliteStorage, type RunmetaServer } from "../../server/src/index.ts";
import { scriptedEndpoint } from "../src/index.ts";

let directory: string;
let server: RunmetaServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "runmeta-testing-"));
  server = await createServer({
    storage: pgliteStorage({ directory: join(directory, "data") }),
    engine: noEngine(),
  });
});

afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly key?: string;
}

type Send = (request: Request) => Promise<Response>;

const put = (body: unknown, run = "run_c"): Call => ({
  method: "PUT",
  path: `/api/v1/runs/${run}/metadata`,
  body,
});
const increment = { type: "increment", key: "n", value: 1 };

/** Ids of triggered runs and dates differ; everything else of these fields must be the same. */
const compared = [
  "metadata",
  "refused",
  "ineffective",
  "error",
  "code",
  "status",
  "attempt",
  "created",
  "isCached",
  "ok",
  "pending",
  "output",
  "outputType",
  "taskIdentifier",
  "isCompleted",
  "isSuccess",
  "isFailed",
  "tags",
  "attemptCount",
  "payload",
  "depth",
  "triggerFunction",
  "sealed",
  "itemsAccepted",
  "itemsDeduplicated",
];

async function answers(send: Send, calls: readonly Call[], without: readonly string[]): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (const { method, path, body, key } of calls) {
    const reply = await send(
      new Request(`http://in-process${path}`, {
        method,
        headers: {
          authorization: `Bearer ${server.secretKey}`,
          "content-type": path.endsWith("/items") ? "application/x-ndjson" : "application/json",
          ...(key === undefined ? {} : { "x-trigger-request-idempotency-key": key }),
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    );
    const fields = Object.entries((await reply.json()) as object);
    seen.push({
      call: `${method} ${path} ${JSON.stringify(body)}`,
      status: reply.status,
      deduplicates: path.endsWith("/metadata") && reply.ok ? reply.headers.get("x-runmeta-dedupe") : null,
      ...Object.fromEntries(fields.filter(([name]) => compared.includes(name) && !without.includes(name))),
    });
  }
  return seen;
}

/** Sends the same calls to the real server and to a scripted endpoint. */
async function compare(calls: readonly Call[], without: readonly string[] = []): Promise<void> {
  const endpoint = scriptedEndpoint();
  expect(await answers(endpoint.fetch, calls, without)).toEqual(
    await answers((request) => server.fetch(request), calls, without),
  );
}

describe("a scripted endpoint answers as the server does", () => {
  test("to metadata updates of every kind", async () => {
    await compare([
      { method: "PUT", path: "/engine/v1/runs/run_c", body: { task: "compared", metadata: { list: [1] } } },
      { method: "PUT", path: "/engine/v1/runs/run_c", body: { task: "compared" } },
      { method: "POST", path: "/engine/v1/runs/run_c/start", body: { attempt: 1, holder: "me" } },
      put({ operations: [increment, { type: "append", key: "list", value: 2 }] }),
      put({ operations: [{ type: "set", key: "$.a.b", value: 1 }] }),
      put({ operations: [{ type: "remove", key: "n", value: 1 }] }),
      put({ operations: [], parentOperations: [], rootOperations: [] }),
      put({ parentOperations: [increment], rootOperations: [increment] }),
      put({ rootOperations: [{ type: "remove", key: "missing", value: 1 }] }),
      put({ parentOperations: [{ type: "set", key: "$.no.such.parent", value: 1 }] }),
      put({ metadata: { replaced: true } }),
      put({ metadata: { ignored: true }, operations: [increment] }),
      put({}),
      put({ operations: [{ type: "set", key: "large", value: "x".repeat(5_000) }] }),
      put({
        operations: [increment],
        parentOperations: [{ type: "set", key: "p", value: "x".repeat(5_000) }],
      }),
      { method: "GET", path: "/api/v1/runs/run_c/metadata" },
    ]);
  });

  test("to updates that are wrong", async () => {
    await compare([
      { method: "PUT", path: "/engine/v1/runs/run_w", body: { task: "compared", metadata: ["a"] } },
      { method: "PUT", path: "/engine/v1/runs/run_w", body: { task: "compared" } },
      ...[
        "not json",
        null,
        [],
        { metadata: null },
        { metadata: ["a"] },
        { operations: [{ type: "unknown", key: "a" }] },
        { operations: [{ type: "set", key: "__proto__", value: 1 }] },
        { operations: [{ type: "increment", key: "n" }] },
      ].map((body) => put(body, "run_w")),
      put({ operations: [] }, "job-1"),
    ]);
  });

  test("I9 to batches that are sent again", async () => {
    await compare([
      { method: "PUT", path: "/engine/v1/runs/run_d", body: { task: "compared" } },
      ...["p.1", "p.1", "p.2", "a-uuid", "a-uuid"].map((key) => ({
        ...put({ operations: [increment] }, "run_d"),
        key,
      })),
      { ...put({ operations: [] }, "run_d"), key: "a-uuid" },
    ]);
  });

  test("to a run's life", async () => {
    const run = "/engine/v1/runs/run_e";
    await compare([
      { method: "POST", path: `${run}/start`, body: { attempt: 1 } },
      { method: "PUT", path: run, body: { task: "compared", tags: ["b", "a"], payload: { n: 1 } } },
      { method: "POST", path: `${run}/start`, body: { attempt: 1, holder: "me" } },
      { method: "GET", path: "/api/v3/runs/run_e" },
      { method: "POST", path: `${run}/heartbeat`, body: { attempt: 1, holder: "me" } },
      { method: "GET", path: `${run}/result?timeoutMs=0` },
      {
        method: "POST",
        path: `${run}/complete`,
        body: { ok: true, output: { a: 1 }, attempt: 1, holder: "me" },
      },
      { method: "GET", path: `${run}/result` },
      { method: "GET", path: "/api/v3/runs/run_e" },
      { method: "GET", path: "/api/v3/runs/run_unknown" },
      { method: "GET", path: "/engine/v1/runs/run_unknown/result" },
    ]);
  });

  test("to workers that are in each other's way", async () => {
    const run = "/engine/v1/runs/run_f";
    const start = (attempt: number, holder?: string): Call => ({
      method: "POST",
      path: `${run}/start`,
      body: { attempt, holder },
    });
    const failed = { ok: false, error: { message: "no" }, holder: "me" };
    await compare(
      [
        { method: "PUT", path: run, body: { task: "compared" } },
        start(1, "me"),
        start(1, "me"),
        start(1, "you"),
        start(1),
        { method: "POST", path: `${run}/complete`, body: { ...failed, attempt: 1, retryAfterMs: 0 } },
        start(1, "me"),
        start(2, "me"),
        { method: "POST", path: `${run}/complete`, body: { ...failed, attempt: 2, status: "TIMED_OUT" } },
        { method: "GET", path: `${run}/result` },
        { method: "GET", path: "/api/v3/runs/run_f" },
        start(3, "me"),
      ],
      // The server's texts for people tell more.
      ["error"],
    );
  });

  test("to triggers and batches", async () => {
    const trigger = (options: unknown): Call => ({
      method: "POST",
      path: "/api/v1/tasks/compared/trigger",
      body: {
        payload: '{"json":{"n":1}}',
        options: { payloadType: "application/super+json", ...Object(options) },
      },
    });
    await compare([
      trigger({ metadata: { a: 1 } }),
      trigger({ metadata: ["a"] }),
      trigger({ metadata: { large: "x".repeat(5_000) } }),
      trigger({ idempotencyKey: "once" }),
      trigger({ idempotencyKey: "once" }),
      { method: "POST", path: "/api/v3/batches", body: { runCount: 2 } },
    ]);
  });
});
