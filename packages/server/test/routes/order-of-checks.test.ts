import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, signToken } from "../auth/sign-token.ts";
import { DEV_KEY, startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
let runId: string;
let powerless: { readonly authorization: string };
beforeAll(async () => {
  api = await startTestServer();
  runId = await api.trigger();
  powerless = bearer(await signToken([]));
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const NO_KEY = { authorization: "" };
const LONG_KEY = { "x-trigger-request-idempotency-key": "k".repeat(257) };
const tooLarge = " ".repeat(3 * 1024 * 1024 + 1);
const ask = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
  const answer = await api.call(method, path.replace("ID", runId), body, headers);
  return [answer.status, answer.body.error];
};
const unauthorized = [401, "Invalid or Missing API key"];
const forbidden = [403, "Unauthorized"];

describe("what is wrong first is what is answered", () => {
  test("method, then key, then size", async () => {
    expect(await ask("DELETE", "/api/v3/runs/none", undefined, NO_KEY)).toEqual([405, "Method not allowed"]);
    expect(await ask("POST", "/api/v1/tasks/hello/trigger", tooLarge, NO_KEY)).toEqual(unauthorized);
    for (const [method, path] of [
      ["PUT", "/api/v1/runs/none/metadata"],
      ["POST", "/api/v1/tasks/%00/trigger"],
      ["POST", "/api/v1/runs/none/tags"],
    ] as const) {
      expect(await ask(method, path, tooLarge)).toEqual([413, "Request body too large"]);
    }
  });

  test("then parameters, headers and body", async () => {
    const metadata = "/api/v1/runs/ID/metadata";
    expect(await ask("PUT", "/api/v1/runs/none/metadata", "{", LONG_KEY)).toEqual([
      400,
      "Invalid or missing run ID",
    ]);
    expect(await ask("PUT", metadata, "{", LONG_KEY)).toEqual([400, "Headers Error"]);
    expect(await ask("PUT", metadata, "{")).toEqual([400, "Invalid metadata"]);
    for (const path of ["/api/v1/tasks/hello/trigger", "/api/v3/batches"]) {
      expect(await ask("POST", path, "{", LONG_KEY)).toEqual([400, "Headers Error"]);
      expect(await ask("POST", path, "{")).toEqual([400, "Invalid JSON"]);
    }
  });

  test("a query or a body that is wrong is told before the scopes are looked at", async () => {
    expect(await ask("GET", "/api/v1/runs?page[size]=0", undefined, powerless)).toEqual([400, "Query Error"]);
    expect(await ask("GET", "/api/v1/runs", undefined, powerless)).toEqual(forbidden);
    for (const [path, body] of [
      ["/api/v1/tasks/hello/trigger", {}],
      ["/api/v3/batches", { runCount: 1 }],
    ] as const) {
      expect(await ask("POST", path, "{", powerless)).toEqual([400, "Invalid JSON"]);
      expect(await ask("POST", path, body, powerless)).toEqual(forbidden);
    }
  });

  test("a token without the scope does not learn whether there is such a run", async () => {
    for (const id of [runId, "run_none"]) {
      expect(await ask("GET", `/api/v3/runs/${id}`, undefined, powerless)).toEqual(forbidden);
      expect(await ask("POST", `/api/v2/runs/${id}/cancel`, undefined, powerless)).toEqual(forbidden);
    }
  });

  test.each([
    ["PUT", "/api/v1/runs/run_none/metadata", "Invalid metadata", { operations: [] }, "Task Run not found"],
    ["POST", "/api/v1/runs/run_none/tags", "Invalid request body", { tags: "a" }, "Run not found"],
    ["POST", "/api/v1/runs/run_none/reschedule", "Invalid request body", { delay: "1h" }, "Run not found"],
    ["POST", "/api/v1/runs/run_none/replay", "Invalid JSON", {}, "Run not found"],
    ["POST", "/engine/v1/runs/run_none/complete", "Invalid JSON", { ok: true }, "Task Run not found"],
  ])("%s %s: the body before the run", async (method, path, wrong, body, missing) => {
    expect(await ask(method, path, "{")).toEqual([400, wrong]);
    expect(await ask(method, path, body)).toEqual([404, missing]);
  });
});

describe("methods", () => {
  test.each([
    ["DELETE", "/api/v3/runs/ID", "GET, HEAD, OPTIONS"],
    ["PURGE", "/api/v3/runs/ID", "GET, HEAD, OPTIONS"],
    ["POST", "/api/v1/runs", "GET, HEAD, OPTIONS"],
    ["GET", "/api/v1/tasks/hello/trigger", "POST, OPTIONS"],
    ["HEAD", "/api/v1/tasks/hello/trigger", "POST, OPTIONS"],
    ["GET", "/engine/v1/runs/ID", "PUT, OPTIONS"],
    ["PATCH", "/api/v1/runs/ID/metadata", "PUT, GET, HEAD, OPTIONS"],
  ])("%s %s is 405 and names %s", async (method, path, allow) => {
    const answer = await api.call(method, path.replace("ID", runId), undefined, NO_KEY);
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
    if (method !== "HEAD") expect(answer.text).toBe('{"error":"Method not allowed"}');
  });

  test("HEAD answers like GET, without the body, in process and on a socket", async () => {
    const url = await listening();
    for (const send of [(request: Request) => api.server.fetch(request), fetch]) {
      for (const [id, status] of [
        [runId, 200],
        ["run_none", 404],
      ] as const) {
        const request = new Request(`${url}/api/v3/runs/${id}`, {
          method: "HEAD",
          headers: { authorization: `Bearer ${DEV_KEY}` },
        });
        const response = await send(request);
        expect([response.status, await response.text()]).toEqual([status, ""]);
        expect(response.headers.get("content-type")).toMatch(/^application\/json/);
      }
    }
  });

  test("OPTIONS is answered whatever it asks for: with nothing asked, an odd list, and nowhere", async () => {
    for (const [path, asked] of [
      ["/api/v3/runs/ID", undefined],
      ["/api/v1/tasks/hello/trigger", "x-foo,é"],
      ["/nowhere", "x-trigger-source"],
    ] as const) {
      const answer = await api.call("OPTIONS", path.replace("ID", runId), undefined, {
        ...NO_KEY,
        ...(asked === undefined ? {} : { "access-control-request-headers": asked }),
      });
      expect([answer.status, answer.text]).toEqual([204, ""]);
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
      expect(answer.headers.get("access-control-allow-headers")).toMatch(/^authorization, content-type/);
    }
  });
});

async function listening(): Promise<string> {
  await api.server.listen({ port: 0 });
  return api.server.url;
}
