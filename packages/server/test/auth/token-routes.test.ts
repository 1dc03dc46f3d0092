import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../server/test-server.ts";
import { testStorage } from "../server/test-storage.ts";
import { bearer, signToken } from "./sign-token.ts";

const storage = testStorage();
let api: TestServer;
let runId: string;
beforeAll(async () => {
  api = await startTestServer({ storage });
  runId = await api.trigger();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const status = async (method: string, path: string, scopes: readonly string[], body?: unknown) =>
  (await api.call(method, path.replace("ID", runId), body, bearer(await signToken(scopes)))).status;

const secretKeyOnly: [string, string, string][] = [
  ["PUT", "/api/v1/runs/ID/metadata", "Invalid or Missing API key"],
  ["GET", "/api/v1/runs/ID/metadata", "Invalid or Missing API Key"],
  ["POST", "/api/v1/runs/ID/tags", "Invalid or Missing API Key"],
  ["PUT", "/engine/v1/runs/ID", "Invalid API key"],
  ["POST", "/engine/v1/runs/ID/start", "Invalid API key"],
  ["POST", "/engine/v1/runs/ID/heartbeat", "Invalid API key"],
  ["POST", "/engine/v1/runs/ID/complete", "Invalid API key"],
  ["GET", "/engine/v1/runs/ID/result", "Invalid API key"],
];
test.each(secretKeyOnly)(
  "%s %s takes no token, not even one that may do everything",
  async (method, path, error) => {
    const headers = bearer(await signToken(["admin"]));
    const body = method === "GET" ? undefined : {};
    const answer = await api.call(method, path.replace("ID", runId), body, headers);
    expect([answer.status, answer.body]).toEqual([401, { error }]);
  },
);

test("trigger wants trigger:tasks of that task, or the older write:tasks", async () => {
  const trigger = (scope: string) => status("POST", "/api/v1/tasks/hello/trigger", [scope], {});
  for (const scope of ["trigger:tasks:hello", "trigger:tasks", "write:tasks:hello", "write:tasks", "admin"])
    expect(await trigger(scope)).toBe(200);
  for (const scope of ["trigger:tasks:hell", "read:tasks:hello", "batchTrigger:tasks:hello", "write:runs"])
    expect(await trigger(scope)).toBe(403);
});

test("a token that may trigger is answered with one that reads the run", async () => {
  const headers = bearer(await signToken(["trigger:tasks:hello"]));
  const answer = await api.call("POST", "/api/v1/tasks/hello/trigger", { payload: 1 }, headers);
  const token = answer.headers.get("x-trigger-jwt") ?? "";
  const claims = decodeJwt(token);
  const { id } = answer.body;
  expect(claims).toMatchObject({
    iss: "https://id.trigger.dev",
    aud: "https://api.trigger.dev",
    sub: "dev",
    pub: true,
    scopes: [`read:runs:${id}`, `write:inputStreams:${id}`],
  });
  expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(3600);
  expect((await api.call("GET", `/api/v3/runs/${id}`, undefined, bearer(token))).status).toBe(200);
  expect((await api.call("GET", `/api/v3/runs/${runId}`, undefined, bearer(token))).status).toBe(403);
  expect(JSON.parse(answer.headers.get("x-trigger-jwt-claims") ?? "")).toEqual({ sub: "dev", pub: true });
});

test("listing wants all runs, all tasks, or each of the tasks that are asked for", async () => {
  const list = (query: string, ...scopes: string[]) => status("GET", `/api/v1/runs${query}`, scopes);
  expect(await list("", "read:runs")).toBe(200);
  expect(await list("", "read:tasks")).toBe(200);
  expect(await list("", "read:tasks:hello")).toBe(403);
  expect(await list("", `read:runs:${runId}`)).toBe(403);
  expect(await list("?filter[taskIdentifier]=hello", "read:tasks:hello")).toBe(200);
  expect(await list("?filter[taskIdentifier]=hello,other", "read:tasks:hello")).toBe(403);
  expect(await list("?filter[taskIdentifier]=hello,other", "read:tasks:hello", "read:tasks:other")).toBe(200);
  expect(await list("?filter[taskIdentifier]=", "read:tasks:hello")).toBe(403);
  expect(await list("?filter[version]=1", "read:tasks:hello")).toBe(403);
});

test("cancelling wants to write the run or its task; refused, the run goes on", async () => {
  const cancel = (scope: string) => status("POST", "/api/v2/runs/ID/cancel", [scope]);
  for (const scope of [
    `read:runs:${runId}`,
    "write:runs:run_other",
    "write:tasks:other",
    "trigger:tasks:hello",
  ])
    expect(await cancel(scope)).toBe(403);
  expect((await api.call("GET", `/api/v3/runs/${runId}`)).body.status).toBe("QUEUED");
  expect(await cancel("write:tasks:hello")).toBe(200);
  expect(await cancel(`write:runs:${runId}`)).toBe(200);
});

test("batches: create, fill and read with tokens", async () => {
  const create = async (scopes: string[], taskIdentifiers?: string[]) =>
    api.call("POST", "/api/v3/batches", { runCount: 1, taskIdentifiers }, bearer(await signToken(scopes)));
  expect((await create(["batchTrigger:tasks:a"])).status).toBe(403);
  expect((await create(["batchTrigger:tasks:a"], ["a", "b"])).status).toBe(403);
  expect((await create(["trigger:tasks:a"], ["a"])).status).toBe(403);
  expect((await create(["batchTrigger:batch"])).status).toBe(202);
  expect((await create(["batchTrigger:tasks"])).status).toBe(202);
  const created = await create(["batchTrigger:tasks:a"], ["a"]);
  expect(created.status).toBe(202);
  const { id } = created.body;

  const fill = async (scope: string | undefined, task: string, batchId = id) => {
    const headers = {
      "content-type": "application/x-ndjson",
      ...bearer(await signToken(scope === undefined ? [] : [scope])),
    };
    const line = task === "" ? "" : `${JSON.stringify({ index: 0, task })}\n`;
    return (await api.call("POST", `/api/v3/batches/${batchId}/items`, line, headers)).status;
  };
  expect(await fill(undefined, "a")).toBe(403);
  expect(await fill("batchTrigger:tasks:a", "b")).toBe(403);
  expect(await fill("batchTrigger:tasks:a", "")).toBe(403);
  expect(await fill("write:batch:batch_other", "a")).toBe(403);
  // Whether a batch exists is told only to those who may use it.
  expect(await fill("batchTrigger:tasks:b", "a", "batch_none")).toBe(403);
  expect(await fill(`write:batch:batch_none`, "a", "batch_none")).toBe(422);
  expect(await fill("batchTrigger:tasks:a", "a")).toBe(200);

  const read = (token: string, batchId = id) =>
    api.call("GET", `/api/v2/batches/${batchId}`, undefined, bearer(token));
  const token = created.headers.get("x-trigger-jwt") ?? "";
  expect(decodeJwt(token).scopes).toEqual([`read:batch:${id}`]);
  const batch = await read(token);
  expect(batch.status).toBe(200);
  expect((await read(await signToken(["read:runs"]))).status).toBe(200);
  expect((await read(await signToken(["read:tasks"]))).status).toBe(403);
  // Its runs are read with the same token.
  expect((await api.call("GET", `/api/v3/runs/${batch.body.runs[0]}`, undefined, bearer(token))).status).toBe(
    200,
  );
});

test("A3 a token for another run is answered alike whether the run exists or not", async () => {
  const batch = (await api.call("POST", "/api/v3/batches", { runCount: 1 })).body.id as string;
  const calls: [string, string, string][] = [
    ["GET", `/api/v3/runs/${runId}`, "/api/v3/runs/run_none"],
    ["POST", `/api/v2/runs/${runId}/cancel`, "/api/v2/runs/run_none/cancel"],
    ["GET", `/api/v2/batches/${batch}`, "/api/v2/batches/batch_none"],
    ["PUT", `/api/v1/runs/${runId}/metadata`, "/api/v1/runs/run_none/metadata"],
    ["GET", `/api/v1/runs/${runId}/metadata`, "/api/v1/runs/run_none/metadata"],
    ["POST", `/api/v1/runs/${runId}/tags`, "/api/v1/runs/run_none/tags"],
  ];
  const headers = bearer(
    await signToken(["read:runs:run_other", "write:runs:run_other", "read:tags:x", "write:tasks:other"]),
  );
  for (const [method, there, missing] of calls) {
    const body = method === "GET" ? undefined : {};
    const [one, other] = [
      await api.call(method, there, body, headers),
      await api.call(method, missing, body, headers),
    ];
    expect([one.status, one.text]).toEqual([other.status, other.text]);
    expect(one.status).toBeGreaterThanOrEqual(401);
  }
  // One that names the run is told.
  const named = bearer(await signToken(["read:runs:run_none"]));
  expect((await api.call("GET", "/api/v3/runs/run_none", undefined, named)).status).toBe(404);
});

test("a session's token reads it by either name; changing it wants admin", async () => {
  await storage.insertSession({
    id: "session_abc",
    environment: "dev",
    externalId: "chat-1",
    type: "chat",
    task: "hello",
    triggerConfig: "{}",
    tags: [],
    metadata: undefined,
    expiresAt: undefined,
  });
  const path = (name: string) => `/api/v1/sessions/${name}`;
  for (const scope of ["read:sessions:chat-1", "read:sessions:session_abc", "read:sessions"]) {
    for (const name of ["chat-1", "session_abc"]) expect(await status("GET", path(name), [scope])).toBe(200);
  }
  for (const name of ["chat-1", "chat-2"])
    expect(await status("GET", path(name), ["read:sessions:chat-3", "write:sessions"])).toBe(403);
  const handle = ["read:sessions:chat-1", "write:sessions:chat-1"];
  for (const name of ["chat-1", "chat-2"]) {
    expect(await status("PATCH", path(name), handle, { tags: ["a"] })).toBe(403);
    expect(await status("POST", `${path(name)}/close`, handle, {})).toBe(403);
  }
  expect(await status("PATCH", path("chat-1"), ["admin:sessions:chat-1"], { tags: ["a"] })).toBe(200);
  expect(await status("GET", "/api/v1/sessions", ["read:sessions:chat-1"])).toBe(403);
  expect(await status("GET", "/api/v1/sessions", ["read:sessions"])).toBe(200);
  const query = "?filter[taskIdentifier]=hello";
  expect(await status("GET", `/api/v1/sessions${query}`, ["read:tasks:hello"])).toBe(200);
  expect(await status("POST", `${path("chat-1")}/close`, ["admin"], {})).toBe(200);
});
