import { afterAll, beforeAll, expect, test } from "vitest";
import { PROD_KEY, startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const reserve = async (name = "a%2Fpayload.json", headers?: Record<string, string>) =>
  (await api.call("PUT", `/api/v2/packets/${name}`, undefined, headers)).body;
const upload = (url: string, body: string | Uint8Array, type = "application/super+json") =>
  api.call("PUT", new URL(url).pathname, body, { authorization: "", "content-type": type });
const trigger = (payload: unknown) =>
  api.call("POST", "/api/v1/tasks/hello/trigger", { payload, options: { payloadType: "application/store" } });

test("an uploaded payload becomes the run's own, in its format and to the last character", async () => {
  const { presignedUrl, storagePath } = await reserve();
  expect(presignedUrl).toBe(`http://localhost/uploads/${storagePath}`);
  const text = `{"json":${JSON.stringify(`\ufeff\u0000😀${"x".repeat(2_000_000)}`)}}`;
  expect((await upload(presignedUrl, "an upload that was cut")).status).toBe(200);
  expect((await upload(presignedUrl, text)).status).toBe(200);
  const { id } = (await trigger(storagePath)).body;
  expect((await api.call("GET", `/api/v3/runs/${id}`)).body.payload).toBe(JSON.parse(text).json);
  const start = await api.call("POST", `/engine/v1/runs/${id}/start`, { attempt: 1 });
  expect([start.body.payload === text, start.body.payloadType]).toEqual([true, "application/super+json"]);
  expect((await api.call("POST", `/api/v1/runs/${id}/replay`)).status).toBe(200);
});

test("a plain text with its charset, and a byte order mark", async () => {
  const { presignedUrl, storagePath } = await reserve("x");
  await upload(presignedUrl, "\ufeffhello", "text/plain; charset=utf-8");
  const { id } = (await trigger(storagePath)).body;
  expect((await api.call("GET", `/api/v3/runs/${id}`)).body.payload).toBe("\ufeffhello");
});

test("what is not uploaded, another environment's, or no name at all triggers nothing", async () => {
  const { storagePath } = await reserve();
  const foreign = await reserve("x", { authorization: `Bearer ${PROD_KEY}` });
  await upload(foreign.presignedUrl, "{}");
  for (const path of [storagePath, foreign.storagePath, "packet_none", "a/b.json"]) {
    const answer = await trigger(path);
    expect([answer.status, answer.body.error]).toEqual([422, `Payload ${path} is not uploaded`]);
  }
  for (const none of ["", 5, undefined]) {
    const answer = await trigger(none);
    expect(answer.body.error).toMatch(/^Validation error: payload must be a non-empty string/);
  }
});

test("uploads are refused where there is no place, without UTF-8, and above 10 MiB", async () => {
  const { presignedUrl } = await reserve();
  expect((await upload("http://localhost/uploads/packet_0000000000000000000000000", "{}")).text).toBe(
    '{"error":"Not found"}',
  );
  expect((await upload("http://localhost/uploads/%00", "{}")).status).toBe(404);
  expect((await upload(presignedUrl, new Uint8Array([0xff]))).status).toBe(400);
  expect((await upload(presignedUrl, "x".repeat(10 * 1024 * 1024 + 1))).status).toBe(413);
});

test("the URL names the configured address, whatever the caller used or says", async () => {
  await using behindProxy = await startTestServer({ publicURL: "https://jobs.example.com:8443" });
  for (const headers of [{}, { "x-forwarded-proto": "http", "x-forwarded-host": "inner" }]) {
    const { body } = await behindProxy.call("PUT", "/api/v2/packets/x", undefined, headers);
    expect(body.presignedUrl).toMatch(/^https:\/\/jobs\.example\.com:8443\/uploads\//);
  }
});

test("the URL names the host and the scheme that the caller used", async () => {
  const behindProxy = { "x-forwarded-proto": "https", "x-forwarded-host": "jobs.example.com:8443, inner" };
  expect((await reserve("x", behindProxy)).presignedUrl).toMatch(
    /^https:\/\/jobs\.example\.com:8443\/uploads\//,
  );
  const lies = { "x-forwarded-proto": "javascript", "x-forwarded-host": "a b" };
  expect((await reserve("x", lies)).presignedUrl).toMatch(/^http:\/\/localhost\/uploads\//);
  const answer = await api.call("PUT", "/api/v2/packets/x", undefined, { authorization: "" });
  expect([answer.status, answer.text]).toEqual([401, '{"error":"Invalid or Missing API key"}']);
});
