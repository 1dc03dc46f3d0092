import { Hono } from "hono";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bearer, signToken } from "../auth/sign-token.ts";
import { ShiftedClock } from "../server/shifted-clock.ts";
import { DEV_KEY, PROD_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { TestBrowser } from "./test-browser.ts";

let api: TestServer;
let clock: ShiftedClock;
let browser: TestBrowser;
beforeAll(async () => {
  clock = new ShiftedClock();
  api = await startTestServer({ dashboard: true, clock });
});
beforeEach(() => {
  browser = new TestBrowser(api.server);
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const DAY_MS = 24 * 3600 * 1000;
const status = async (method: string, path: string, body?: unknown) =>
  (await browser.call(method, path, body)).status;

test("a secret key signs in; the cookie opens the API as the key does, until signed out", async () => {
  expect(await status("GET", "/auth/session")).toBe(401);
  const reply = await browser.signIn(`  ${DEV_KEY}\n`);
  expect([reply.status, await reply.json()]).toEqual([200, { environment: "dev", readOnly: false }]);
  expect(await (await browser.call("GET", "/auth/session")).json()).toEqual({
    environment: "dev",
    readOnly: false,
  });
  const triggered = await browser.call("POST", "/api/v1/tasks/hello/trigger", { payload: 1 });
  expect(triggered.status).toBe(200);
  const { id } = (await triggered.json()) as { id: string };
  expect(await status("GET", `/api/v3/runs/${id}`)).toBe(200);
  expect(await status("PUT", `/api/v1/runs/${id}/metadata`, { metadata: { a: 1 } })).toBe(200);
  expect(await status("POST", `/api/v2/runs/${id}/cancel`)).toBe(200);
  expect((await api.call("GET", `/api/v3/runs/${id}`)).body.metadata).toEqual({ a: 1 });

  expect(await status("DELETE", "/auth/session")).toBe(204);
  expect(browser.cookies.size).toBe(0);
  expect(await status("GET", `/api/v3/runs/${id}`)).toBe(401);
});

test("events and shapes take the cookie", async () => {
  await browser.signIn(DEV_KEY);
  const id = await api.trigger({ tags: "a" });
  for (const path of [
    `/api/v1/runs/${id}/events`,
    "/api/v1/runs/events?tags=a",
    `/realtime/v1/runs/${id}?offset=-1`,
    "/realtime/v1/runs?tags=a&offset=-1",
  ]) {
    // EventSource sends no header of ours.
    const reply = await browser.call("GET", path, undefined, { "x-runmeta-dashboard": undefined });
    expect(reply.status, path).toBe(200);
    const { value } = (await reply.body?.getReader().read()) ?? {};
    expect(new TextDecoder().decode(value)).toContain(id);
  }
});

test("W2 the cookie is HttpOnly and SameSite, lasts 7 days, and with TLS it is Secure and of this host", async () => {
  const plain = (await browser.signIn(DEV_KEY)).headers.get("set-cookie");
  expect(plain).toMatch(/^runmeta-3030=[\w.-]+; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/);
  const gone = (await browser.call("DELETE", "/auth/session")).headers.get("set-cookie");
  expect(gone).toBe("runmeta-3030=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict");

  await using proxied = await startTestServer({ dashboard: true, publicURL: "https://runs.example.com" });
  for (const origin of ["https://runs.example.com", "http://localhost:3030"]) {
    const cookie = (await new TestBrowser(proxied.server, origin).signIn(DEV_KEY)).headers.get("set-cookie");
    expect(cookie).toMatch(
      /^__Host-runmeta=[\w.-]+; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
  }
  const other = (await new TestBrowser(api.server, "http://localhost:4040").signIn(DEV_KEY)).headers;
  expect(other.get("set-cookie")).toMatch(/^runmeta-4040=/);
});

test("what is no secret key does not sign in, and is not repeated", async () => {
  const token = await signToken(["admin"]);
  const wrong = ["", "tr_dev_other", DEV_KEY.slice(0, -1), `Bearer ${DEV_KEY}`, token, `${DEV_KEY} x`, "ä"];
  for (const key of [...wrong, "x".repeat(3000)]) {
    const reply = await browser.signIn(key);
    expect([reply.status, await reply.text()]).toEqual([401, '{"error":"Invalid API key"}']);
    expect(reply.headers.has("set-cookie")).toBe(false);
  }
  const refusals: [unknown, number][] = [
    ["{", 400],
    [{}, 400],
    [{ key: 1 }, 400],
    ["x".repeat(5000), 413],
  ];
  for (const [body, expected] of refusals)
    expect((await browser.call("POST", "/auth/session", body)).status).toBe(expected);
});

test("one stays signed in for 7 days", async () => {
  await browser.signIn(DEV_KEY);
  clock.advance(7 * DAY_MS - 2_000);
  expect(await status("GET", "/api/v1/runs")).toBe(200);
  clock.advance(3_000);
  expect(await status("GET", "/api/v1/runs")).toBe(401);
  expect(await status("GET", "/auth/session")).toBe(401);
});

test("a cookie is none when it was changed, is a token of another kind, or is a key", async () => {
  await browser.signIn(DEV_KEY);
  const [[name, good]] = [...browser.cookies] as [[string, string]];
  const [head = "", body = "", signature = ""] = good.split(".");
  const part = (text: string) => JSON.parse(Buffer.from(text, "base64url").toString());
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const later = encode({ ...part(body), exp: part(body).exp + 1 });
  const unsigned = encode({ ...part(head), alg: "none" });
  const forged = [
    DEV_KEY,
    await signToken(["admin"]),
    `${head}.${later}.${signature}`,
    `${unsigned}.${body}.`,
    `${encode({ ...part(head), kid: 7 })}.${body}.${signature}`,
    `${encode({ alg: "HS256" })}.${body}.${signature}`,
    `${head}.${body}`,
    good.slice(0, -4),
    "",
    "a.b.c",
    "%",
    "x".repeat(5000),
  ];
  for (const value of forged) {
    const cookie = `${name}=${value}`;
    expect((await browser.call("GET", "/api/v1/runs", undefined, { cookie })).status, value).toBe(401);
  }
  // The other way round too.
  expect((await api.call("GET", "/api/v1/runs", undefined, bearer(good))).body).toEqual({
    error: "Invalid API key",
  });
});

test("a key or token in the same request wins over the cookie; other schemes do not count", async () => {
  await browser.signIn(DEV_KEY);
  const id = await api.trigger();
  const ask = async (authorization: string) =>
    (await browser.call("GET", `/api/v3/runs/${id}`, undefined, { authorization })).status;
  expect(await ask(`Bearer ${PROD_KEY}`)).toBe(404);
  expect(await ask("Bearer tr_dev_other")).toBe(401);
  expect(await ask(`Bearer ${await signToken([], { expiresAt: "30d" })}`)).toBe(403);
  // A proxy in front may have asked for a password.
  expect(await ask("Basic YTpi")).toBe(200);
});

test("it works where it is mounted at the root of an application, with the cookie Secure behind its TLS", async () => {
  const app = new Hono();
  app.get("/own", (context) => context.text("own"));
  app.mount("/", api.server.fetch);
  const mounted = new TestBrowser(
    { fetch: async (request) => app.fetch(request) },
    "https://app.example.com",
  );
  expect(await (await mounted.call("GET", "/own")).text()).toBe("own");
  expect((await mounted.signIn(DEV_KEY)).status).toBe(403);
  const local = new TestBrowser(mounted.server, "https://localhost");
  expect((await local.signIn(DEV_KEY)).headers.get("set-cookie")).toMatch(/^__Host-runmeta=.*; Secure/);
  expect((await local.call("GET", "/api/v1/runs")).status).toBe(200);
});

test("a server without the dashboard takes no cookie and has no pages", async () => {
  await browser.signIn(DEV_KEY);
  await using plain = await startTestServer();
  const other = new TestBrowser(plain.server);
  for (const [name, value] of browser.cookies) other.cookies.set(name, value);
  expect((await other.call("GET", "/api/v1/runs")).status).toBe(401);
  for (const path of ["/", "/runs", "/sign-in", "/auth/session", "/auth/link/x", "/assets/a.js"])
    expect((await other.call("GET", path)).status).toBe(404);
  expect(() => plain.server.dashboardLink()).toThrow(/option dashboard: true/);
});
