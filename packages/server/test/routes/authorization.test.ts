import { afterAll, beforeAll, expect, test } from "vitest";
import { DEV_KEY, PROD_KEY, startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
let runId: string;
beforeAll(async () => {
  api = await startTestServer();
  runId = await api.trigger();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const routes: [string, string, string, string, string][] = [
  // method, path, no key, unknown key, token
  [
    "PUT",
    "/api/v1/runs/ID/metadata",
    "Invalid or Missing API key",
    "Invalid or Missing API key",
    "Invalid or Missing API key",
  ],
  [
    "GET",
    "/api/v1/runs/ID/metadata",
    "Invalid or Missing API Key",
    "Invalid or Missing API Key",
    "Invalid or Missing API Key",
  ],
  [
    "POST",
    "/api/v1/runs/ID/tags",
    "Invalid or Missing API Key",
    "Invalid or Missing API Key",
    "Invalid or Missing API Key",
  ],
  [
    "POST",
    "/api/v1/tasks/hello/trigger",
    "Invalid or Missing API key",
    "Invalid API key",
    "Public Access Token is invalid",
  ],
  [
    "GET",
    "/api/v3/runs/ID",
    "Invalid or Missing API key",
    "Invalid API key",
    "Public Access Token is invalid",
  ],
  ["GET", "/api/v1/runs", "Invalid or Missing API key", "Invalid API key", "Public Access Token is invalid"],
  [
    "POST",
    "/api/v2/runs/ID/cancel",
    "Invalid or Missing API key",
    "Invalid API key",
    "Public Access Token is invalid",
  ],
  [
    "POST",
    "/api/v3/batches",
    "Invalid or Missing API key",
    "Invalid API key",
    "Public Access Token is invalid",
  ],
  [
    "POST",
    "/api/v3/batches/batch_x/items",
    "Invalid or Missing API key",
    "Invalid API key",
    "Public Access Token is invalid",
  ],
  [
    "GET",
    "/api/v2/batches/batch_x",
    "Invalid or Missing API key",
    "Invalid API key",
    "Public Access Token is invalid",
  ],
  ["PUT", "/engine/v1/runs/ID", "Invalid or Missing API key", "Invalid API key", "Invalid API key"],
  ["POST", "/engine/v1/runs/ID/start", "Invalid or Missing API key", "Invalid API key", "Invalid API key"],
  [
    "POST",
    "/engine/v1/runs/ID/heartbeat",
    "Invalid or Missing API key",
    "Invalid API key",
    "Invalid API key",
  ],
  ["POST", "/engine/v1/runs/ID/complete", "Invalid or Missing API key", "Invalid API key", "Invalid API key"],
  ["GET", "/engine/v1/runs/ID/result", "Invalid or Missing API key", "Invalid API key", "Invalid API key"],
];

test.each(routes)("A1 %s %s answers 401 in its own words", async (method, path, missing, unknown, token) => {
  const ask = async (authorization: string | undefined) => {
    const response = await api.server.fetch(
      new Request(`http://localhost${path.replace("ID", runId)}`, {
        method,
        headers: authorization === undefined ? {} : { authorization },
        ...(method === "GET" ? {} : { body: "{}" }),
      }),
    );
    return `${response.status} ${await response.text()}`;
  };
  expect(await ask(undefined)).toBe(`401 {"error":"${missing}"}`);
  for (const none of ["", "Basic abc", "Bearer", "Bearer "])
    expect(await ask(none)).toBe(`401 {"error":"${missing}"}`);
  const wrong = [
    "garbage",
    DEV_KEY.slice(0, -1),
    `${DEV_KEY}x`,
    DEV_KEY.toUpperCase(),
    "tr_stg_testing-key",
    "tr_dev_",
    `tr_dev_${"x".repeat(8000)}`,
    "__proto__",
  ];
  for (const key of wrong) expect(await ask(`Bearer ${key}`)).toBe(`401 {"error":"${unknown}"}`);
  expect(await ask("Bearer eyJhbGciOiJub25lIn0.eyJwdWIiOnRydWV9.")).toBe(`401 {"error":"${token}"}`);
});

test("A1 a key sees nothing of another environment", async () => {
  const prod = { authorization: `Bearer ${PROD_KEY}` };
  expect((await api.call("GET", `/api/v3/runs/${runId}`, undefined, prod)).status).toBe(404);
  expect((await api.call("GET", `/api/v1/runs/${runId}/metadata`, undefined, prod)).status).toBe(404);
  expect((await api.call("PUT", `/api/v1/runs/${runId}/metadata`, { metadata: { x: 1 } }, prod)).status).toBe(
    404,
  );
  expect((await api.call("POST", `/api/v2/runs/${runId}/cancel`, undefined, prod)).status).toBe(404);
  expect((await api.call("GET", "/api/v1/runs", undefined, prod)).body.data).toEqual([]);
  expect((await api.call("PUT", `/engine/v1/runs/${runId}`, { task: "t" }, prod)).status).toBe(409);
  expect((await api.call("GET", `/api/v3/runs/${runId}`)).body.metadata).toEqual({});
});

test("healthz is open; unknown paths are 404, wrong methods 405 with Allow, all as JSON", async () => {
  const ask = (method: string, path: string) =>
    api.server.fetch(new Request(`http://localhost${path}`, { method }));
  expect(await (await ask("GET", "/healthz")).json()).toEqual({ status: "ok" });
  const missing = await ask("GET", "/nothing");
  expect([missing.status, await missing.text()]).toEqual([404, '{"error":"Not found"}']);
  const wrong = await ask("PATCH", `/api/v1/runs/${runId}/metadata`);
  expect([wrong.status, await wrong.text()]).toEqual([405, '{"error":"Method not allowed"}']);
  expect(wrong.headers.get("allow")).toBe("PUT, GET, HEAD, OPTIONS");
  for (const response of [missing, wrong]) {
    expect(response.headers.get("x-runmeta-dedupe")).toBe("1");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
  }
});

test("OPTIONS names authorization and needs no key", async () => {
  const response = await api.server.fetch(
    new Request(`http://localhost/api/v3/runs/${runId}`, {
      method: "OPTIONS",
      headers: { "access-control-request-headers": "authorization,content-type,x-trigger-source" },
    }),
  );
  expect(response.status).toBe(204);
  expect(response.headers.get("access-control-allow-headers")).toContain("authorization");
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
});
