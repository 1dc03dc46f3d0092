import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createServer, type ServerOptions } from "../../src/index.ts";
import { DEV_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { TestBrowser } from "./test-browser.ts";

const PUBLIC = "https://runs.example.com";

let api: TestServer;
let proxied: TestServer;
let runId: string;
beforeAll(async () => {
  api = await startTestServer({ dashboard: true });
  proxied = await startTestServer({
    dashboard: true,
    publicURL: PUBLIC,
    allowedHosts: ["Runmeta", "[fd00::1]"],
  });
  runId = await api.trigger();
});
afterAll(async () => {
  for (const one of [api, proxied]) {
    expect(one.errors).toEqual([]);
    await one.server.close();
  }
});

let browser: TestBrowser;
beforeEach(async () => {
  browser = new TestBrowser(api.server);
  await browser.signIn(DEV_KEY);
});

type Headers = Readonly<Record<string, string | undefined>>;

/** Requests as pages of other sites, or none of ours, can make them. */
const foreign: readonly [string, Headers][] = [
  ["a page of another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
  ["a page on another port", { origin: "http://localhost:4040", "sec-fetch-site": "same-site" }],
  ["a page of the same name over TLS", { origin: "https://localhost:3030", "sec-fetch-site": "cross-site" }],
  ["a browser that says its origin only", { origin: "https://evil.example", "sec-fetch-site": undefined }],
  ["a foreign origin all the same", { origin: "https://evil.example" }],
  ["a sandboxed frame", { origin: "null", "sec-fetch-site": "cross-site" }],
  ["an address that was typed", { origin: undefined, "sec-fetch-site": "none" }],
  ["something that does not say where it is from", { origin: undefined, "sec-fetch-site": undefined }],
  ["an unknown origin", { origin: "null", "sec-fetch-site": undefined }],
  ["a form of our own", { "x-runmeta-dashboard": undefined }],
  ["a wrong header", { "x-runmeta-dashboard": "true" }],
];

describe.each(foreign)("W2 %s", (_, headers) => {
  test("changes nothing with the cookie", async () => {
    for (const [method, path, body] of [
      ["PUT", `/api/v1/runs/${runId}/metadata`, { metadata: { stolen: true } }],
      ["POST", `/api/v2/runs/${runId}/cancel`, undefined],
      ["POST", "/api/v1/tasks/hello/trigger", { payload: 1 }],
      ["DELETE", "/v1/records/rec_1", undefined],
      ["PUT", "/engine/v1/runs/run_1", { task: "x" }],
    ] as const) {
      const reply = await browser.call(method, path, body, headers);
      expect([path, reply.status, ((await reply.json()) as { code: string }).code]).toEqual([
        path,
        403,
        "cross_site",
      ]);
    }
    expect((await api.call("GET", `/api/v3/runs/${runId}`)).body).toMatchObject({
      status: "QUEUED",
      metadata: {},
    });
  });

  test("neither signs in nor out", async () => {
    for (const [method, body] of [
      ["POST", { key: DEV_KEY }],
      ["DELETE", undefined],
    ] as const) {
      const reply = await browser.call(method, "/auth/session", body, headers);
      expect([reply.status, reply.headers.get("set-cookie")]).toEqual([403, null]);
    }
  });
});

test("W2 a form cannot sign anybody in, whatever else it manages to send", async () => {
  for (const type of ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]) {
    const reply = await browser.call("POST", "/auth/session", `{"key":"${DEV_KEY}"}`, {
      "content-type": type,
    });
    expect([reply.status, reply.headers.get("set-cookie")]).toEqual([415, null]);
  }
});

test("W2 foreign pages read nothing with the cookie; own pages, typed addresses and programs do", async () => {
  const read = async (site: string | undefined) =>
    (await browser.call("GET", "/api/v1/runs", undefined, { "sec-fetch-site": site })).status;
  expect([await read("cross-site"), await read("same-site")]).toEqual([403, 403]);
  expect([await read("same-origin"), await read("none"), await read(undefined)]).toEqual([200, 200, 200]);
});

test("W2 no other site is told that it may send the header of the pages, or cookies", async () => {
  const reply = await browser.call("OPTIONS", "/api/v1/runs", undefined, {
    origin: "https://evil.example",
    "access-control-request-headers": "x-runmeta-dashboard, authorization",
  });
  expect(reply.headers.get("access-control-allow-headers")).toBe("authorization, content-type");
  expect(reply.headers.get("access-control-allow-origin")).toBe("*");
  expect(reply.headers.has("access-control-allow-credentials")).toBe(false);
});

describe("W2 the name a browser uses", () => {
  const paths = ["/", "/runs/run_1", "/assets/a.js", "/auth/link/x"];
  const hosts = (names: readonly string[]) => names.map((name) => ({ host: name, origin: `http://${name}` }));

  test.each(
    hosts(["evil.example:3030", "localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1", "[fd00::1]"]),
  )("$host is refused for pages, signing in and the cookie", async ({ host, origin }) => {
    const headers = { host, origin };
    for (const path of paths) {
      const reply = await browser.call("GET", path, undefined, { host });
      expect([path, reply.status, await reply.json()]).toMatchObject([
        path,
        403,
        { code: "host_not_allowed" },
      ]);
    }
    const { cookieHeader } = browser;
    const port = new URL(origin).port;
    const cookie = port === "" ? cookieHeader.replace("-3030", "") : cookieHeader;
    expect((await browser.call("GET", "/api/v1/runs", undefined, { ...headers, cookie })).status).toBe(403);
    expect((await browser.call("POST", "/auth/session", { key: DEV_KEY }, headers)).status).toBe(403);
    // Whoever sends a key is no browser that was led astray.
    expect((await api.call("GET", "/api/v1/runs", undefined, { host })).status).toBe(200);
    expect((await api.call("GET", "/healthz", undefined, { host, authorization: "" })).status).toBe(200);
  });

  test.each(["localhost:9", "LOCALHOST", "127.0.0.1:3030", "[::1]:3030", "a.localhost"])(
    "%s is this machine",
    async (name) => {
      const local = new TestBrowser(api.server, `http://${name.toLowerCase()}`);
      expect((await local.call("POST", "/auth/session", { key: DEV_KEY }, { host: name })).status).toBe(200);
      expect((await local.call("GET", "/api/v1/runs", undefined, { host: name })).status).toBe(200);
    },
  );

  test("allowed names and the public one are taken, behind a proxy that keeps the name or does not", async () => {
    const ask = async (host: string, origin: string) => {
      const one = new TestBrowser(proxied.server, "http://127.0.0.1:3030");
      return (await one.call("POST", "/auth/session", { key: DEV_KEY }, { host, origin })).status;
    };
    expect(await ask("runs.example.com", PUBLIC)).toBe(200);
    expect(await ask("runmeta:3030", PUBLIC)).toBe(200);
    expect(await ask("127.0.0.1:3030", PUBLIC)).toBe(200);
    expect(await ask("runmeta:3030", "http://runmeta:3030")).toBe(200);
    expect(await ask("[fd00:0::1]:3030", "http://[fd00::1]:3030")).toBe(200);
    expect(await ask("runs.example.com", "https://runs.example.com:444")).toBe(403);
    expect(await ask("runs.example.com", "https://example.com")).toBe(403);
    expect(await ask("other.example.com", PUBLIC)).toBe(403);
  });
});

test("wrong names and URLs are told before anything starts", async () => {
  const wrong: ServerOptions[] = [
    ...["*", "a:80", "https://a", "a/b", "", "*.example.com"].map((host) => ({ allowedHosts: ["ok", host] })),
    ...["runs.example.com", "https://a/runs", "ftp://a", "https://a?x", "https://me:pw@a"].map(
      (publicURL) => ({
        publicURL,
      }),
    ),
  ];
  for (const options of wrong) {
    await expect(createServer({ dashboard: true, ...options })).rejects.toThrow(
      /^Option (allowedHosts has|publicURL is) "/,
    );
  }
});
