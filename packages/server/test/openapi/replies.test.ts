import { afterAll, beforeAll, expect, test } from "vitest";
import type { OpenApiDocument } from "../../src/openapi/openapi-document.ts";
import { bearer, signToken } from "../auth/sign-token.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";
import { testStorage } from "../server/test-storage.ts";
import { ReplyChecker } from "./reply-checker.ts";

/** What a request needs beside the operation's method and path. */
interface Call {
  /** Fills the path template. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

const storage = testStorage();
let api: TestServer;
let document: OpenApiDocument;
let checker: ReplyChecker;
beforeAll(async () => {
  api = await startTestServer({ storage });
  document = (await api.call("GET", "/openapi.json")).body;
  checker = new ReplyChecker(document);
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

/** One request for every operation that succeeds. */
const valid: Readonly<Record<string, () => Promise<Call>>> = {
  updateMetadata: async () => ({
    path: { runId: await api.trigger() },
    body: {
      operations: [{ type: "set", key: "a", value: 1 }],
      parentOperations: [{ type: "increment", key: "$.a.b.c", value: 1 }],
    },
  }),
  retrieveMetadata: async () => ({ path: { runId: await api.trigger() } }),
  listMetadataChanges: async () => {
    const runId = await api.trigger({ metadata: { a: 0 } });
    await api.call("PUT", `/api/v1/runs/${runId}/metadata`, { operations: [{ type: "delete", key: "a" }] });
    return { path: { runId } };
  },
  triggerTask: async () => ({ path: { taskId: "hello" }, body: { payload: 1, options: { tags: ["a"] } } }),
  retrieveRun: async () => ({ path: { runId: await endedRun() } }),
  tokenClaims: async () => ({}),
  createPublicToken: async () => ({ body: { scopes: ["read:runs"], expirationTime: "1h" } }),
  listRuns: async () => ({ query: "page[size]=2&filter[createdAt][period]=1d" }),
  cancelRun: async () => ({ path: { runId: await api.trigger() } }),
  addRunTags: async () => ({ path: { runId: await api.trigger() }, body: { tags: ["a"] } }),
  replayRun: async () => ({ path: { runId: await api.trigger() }, body: { payload: 2 } }),
  rescheduleRun: async () => ({
    path: { runId: await api.trigger({ delay: "1h" }) },
    body: { delay: "2h" },
  }),
  resetIdempotencyKey: async () => {
    const key = `key ${count++}`;
    await api.trigger({ idempotencyKey: key });
    return { path: { key }, body: { taskIdentifier: "hello" } };
  },
  createPacketUpload: async () => ({ path: { name: "payload/1.json" } }),
  uploadPacket: async () => ({
    path: { packetId: (await api.call("PUT", "/api/v2/packets/x")).body.storagePath },
    body: "a large text",
    headers: { "content-type": "text/plain" },
  }),
  createBatch: async () => ({ body: { runCount: 1 } }),
  addBatchItems: async () => ({
    path: { batchId: await batch() },
    body: `${JSON.stringify({ index: 0, task: "hello" })}\n`,
    headers: { "content-type": "application/x-ndjson" },
  }),
  retrieveBatch: async () => ({ path: { batchId: await batch() } }),
  createSession: async () => ({
    body: { type: "chat", taskIdentifier: "hello", triggerConfig: { basePayload: {} }, tags: ["a"] },
  }),
  followRun: async () => ({ path: { runId: await api.trigger() } }),
  followTaggedRuns: async () => ({ query: "tags=a" }),
  followBatch: async () => ({ path: { batchId: await batch() } }),
  runShape: async () => ({ path: { runId: await api.trigger() }, query: "offset=-1" }),
  taggedRunsShape: async () => ({ query: "tags=a&offset=-1" }),
  batchShape: async () => ({ path: { batchId: await batch() }, query: "offset=-1" }),
  createStream: async () => ({ path: await stream() }),
  writeStream: async () => ({
    path: await stream(),
    body: '{"word":"a"}\n',
    headers: { "content-type": "application/x-ndjson" },
  }),
  streamProgress: async () => ({ path: await stream() }),
  appendToStream: async () => ({
    path: await stream(),
    body: "a text",
    headers: { "content-type": "text/plain" },
  }),
  readStream: async () => {
    const path = await stream();
    await api.call("POST", `/realtime/v1/streams/${path.runId}/self/words`, '"a"\n');
    return { path };
  },
  listSessions: async () => {
    await session();
    return { query: "page[size]=2&filter[status]=ACTIVE" };
  },
  retrieveSession: async () => ({ path: { session: await session() } }),
  updateSession: async () => ({ path: { session: await session() }, body: { metadata: { a: 1 } } }),
  closeSession: async () => ({ path: { session: await session() }, body: { reason: "done" } }),
  registerRun: async () => ({ path: { runId: "run_contract" }, body: { task: "hello" } }),
  startAttempt: async () => ({ path: { runId: await registeredRun() }, body: { attempt: 1 } }),
  heartbeatAttempt: async () => ({ path: { runId: await startedRun() } }),
  heartbeatWorker: async () => ({ body: { holder: "me", runIds: [await heldRun()] } }),
  pauseAttempt: async () => ({ path: { runId: await heldRun() }, body: { attempt: 1, holder: "me" } }),
  resumeAttempt: async () => ({ path: { runId: await heldRun() }, body: { attempt: 1, holder: "me" } }),
  releaseAttempt: async () => ({
    path: { runId: await heldRun() },
    body: { attempt: 1, holder: "me", interrupted: true },
  }),
  announceTasks: async () => ({
    body: { tasks: [{ id: "hello", queue: "q", concurrencyLimit: 1, ttl: "1h" }] },
  }),
  completeAttempt: async () => ({ path: { runId: await startedRun() }, body: { ok: true, output: 1 } }),
  waitForResult: async () => ({ path: { runId: await endedRun() }, query: "timeoutMs=0" }),
  health: async () => ({}),
  createRecord: async () => ({ body: { type: "note", name: "a" } }),
  listRecords: async () => {
    await record();
    return { query: "limit=2" };
  },
  retrieveRecord: async () => ({ path: { id: await record() } }),
  updateRecord: async () => ({ path: { id: await record() }, body: { metadata: { a: 1 } } }),
  deleteRecord: async () => ({ path: { id: await record() } }),
  openapi: async () => ({}),
  reference: async () => ({}),
};

let count = 0;
async function registeredRun(): Promise<string> {
  const id = `run_registered${count++}`;
  await api.call("PUT", `/engine/v1/runs/${id}`, { task: "hello", payload: { n: 1 }, maxAttempts: 2 });
  return id;
}
async function startedRun(): Promise<string> {
  const id = await registeredRun();
  await api.call("POST", `/engine/v1/runs/${id}/start`, { attempt: 1 });
  return id;
}
async function heldRun(): Promise<string> {
  const id = await registeredRun();
  await api.call("POST", `/engine/v1/runs/${id}/start`, { attempt: 1, holder: "me" });
  return id;
}
async function endedRun(): Promise<string> {
  const id = await startedRun();
  await api.call("POST", `/engine/v1/runs/${id}/complete`, { ok: false, error: { message: "boom" } });
  return id;
}
async function session(): Promise<string> {
  const row = await storage.insertSession({
    id: `session_contract${count++}`,
    environment: "dev",
    externalId: undefined,
    type: "chat",
    task: "hello",
    triggerConfig: '{"basePayload":{}}',
    tags: ["a"],
    metadata: '{"a":0}',
    expiresAt: undefined,
  });
  return row.id;
}
async function record(): Promise<string> {
  return (await api.call("POST", "/v1/records", { type: "note", name: `n${count++}` })).body.id;
}
async function stream() {
  return { runId: await api.trigger(), target: "self", streamKey: "words" };
}
async function batch(): Promise<string> {
  return (await api.call("POST", "/api/v3/batches", { runCount: 1 })).body.id;
}

function operations() {
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      template,
      operation,
    })),
  );
}

/** Sends the request and gives the status; fails when the document does not have the reply. */
async function send(
  method: string,
  template: string,
  { path = {}, query, body, headers }: Call,
): Promise<number> {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(path[name] ?? "unknown"),
  );
  const target = query === undefined ? filled : `${filled}?${query}`;
  const answer = await api.call(method, target, body, headers);
  const mediaType = (answer.headers.get("content-type") ?? "").split(";", 1)[0] ?? "";
  const { status } = answer;
  expect(checker.check({ method, path: target, status, mediaType, body: answer.body })).toBeUndefined();
  return status;
}

test("a request that succeeds is answered as the document says, for every operation", async () => {
  for (const { method, template, operation } of operations()) {
    const { operationId } = operation;
    const call = valid[operationId];
    if (call === undefined) throw new Error(`Add a request for ${operationId} to the table above.`);
    expect(await send(method, template, await call()), operationId).toBeLessThan(300);
  }
});

test("no key, a body that is wrong, an unknown id and a wrong query are answered as the document says", async () => {
  for (const { method, template, operation } of operations()) {
    const { operationId, parameters = [], requestBody, security } = operation;
    if (security.length > 0) {
      expect(await send(method, template, { headers: { authorization: "" } }), operationId).toBe(401);
      expect(
        await send(method, template, { headers: { authorization: "Bearer tr_dev_no" } }),
        operationId,
      ).toBe(401);
    }
    // A token without scopes: unknown where none is taken, else refused; that hides even whether there is such a run.
    const call = (await valid[operationId]?.()) ?? {};
    if (security.length > 0) {
      const headers = { ...call.headers, ...bearer(await signToken([])) };
      const takesTokens = security.some((alternative) => alternative.publicToken !== undefined);
      expect(await send(method, template, { ...call, headers }), operationId).toBe(takesTokens ? 403 : 401);
    }
    const { path = {}, headers = {}, ...rest } = call;
    if (requestBody !== undefined) {
      for (const body of [
        "",
        "{",
        "null",
        '"x"',
        "[]",
        '{"operations":1,"tags":1,"attempt":"x","ok":1,"runCount":0}',
      ]) {
        await send(method, template, { path, headers, body });
      }
      const wrongType = { path, headers: { "content-type": "text/plain" }, body: "{}" };
      expect(await send(method, template, wrongType), operationId).toBe(415);
      const wrongEncoding = { path, headers: { ...headers, "content-encoding": "br" }, body: "{}" };
      expect(await send(method, template, wrongEncoding), operationId).toBe(415);
    }
    if (parameters.some((parameter) => parameter.in === "path")) {
      for (const id of ["unknown", "run_unknown", "batch_unknown", " ", "x".repeat(300)]) {
        const unknown = Object.fromEntries(parameters.map(({ name }) => [name, id]));
        await send(method, template, { ...rest, headers, path: unknown });
      }
    }
    if (parameters.some((parameter) => parameter.in === "query")) {
      const query = parameters.map(({ name }) => `${encodeURIComponent(name)}=%00`).join("&");
      expect(await send(method, template, { path, query }), operationId).toBe(400);
    }
    if (parameters.some((parameter) => parameter.name === "x-trigger-request-idempotency-key")) {
      const key = { "x-trigger-request-idempotency-key": "k".repeat(257) };
      expect(
        await send(method, template, { ...rest, path, headers: { ...headers, ...key } }),
        operationId,
      ).toBe(400);
    }
  }
});
