import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DashboardFiles } from "../../src/dashboard/dashboard-files.ts";
import { pageRoutes } from "../../src/dashboard/page-routes.ts";
import { type App, createApp } from "../../src/http/app.ts";
import { DashboardSite } from "../../src/http/dashboard-site.ts";
import { listenOn, type NodeListener } from "../../src/http/node-listener.ts";
import { systemClock } from "../../src/service/clock.ts";
import { temporaryDirectory } from "../storage/temporary-directory.ts";

const SCRIPT = `export const text = "${"a long text ".repeat(50)}";`;
/** Every byte, so that an encoding in between would show. */
const FONT = Uint8Array.from({ length: 256 }, (_, index) => index);

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let app: App;
let listener: NodeListener;
let url: string;
beforeAll(async () => {
  directory = await temporaryDirectory();
  app = appOn(join(directory.path, "dashboard"));
  listener = await listenOn(app, { port: 0, host: "127.0.0.1", clock: systemClock });
  url = listener.url;
});
afterAll(async () => {
  await listener.close(0);
  await directory[Symbol.asyncDispose]();
});

/** The pages of a directory alone: they ask for no key, so there are none. */
function appOn(path: string): App {
  const site = new DashboardSite({ publicURL: undefined, allowedHosts: [] });
  return createApp({
    routes: pageRoutes(new DashboardFiles(path), site),
    gate: { keys: undefined as never, cookie: undefined },
    clock: systemClock,
    replyToFault: (error) => {
      throw error;
    },
  });
}

/** Sends a path as it is, which `fetch` would clean up. */
async function rawGet(path: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let answer = "";
  socket.on("data", (data) => {
    answer += data.toString("latin1");
  });
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  await once(socket, "close");
  return answer;
}

test("pages that are not built say how to build them, and are there once they are built", async () => {
  const missing = await fetch(url);
  expect([missing.status, missing.headers.get("content-type")]).toEqual([503, "text/html; charset=utf-8"]);
  expect(await missing.text()).toContain("npx -y pnpm@12 build");
  expect((await fetch(`${url}/assets/app-1a2b.js`)).status).toBe(404);

  const assets = join(directory.path, "dashboard", "assets");
  await mkdir(assets, { recursive: true });
  await writeFile(join(assets, "app-1a2b.js"), SCRIPT);
  await writeFile(join(assets, "app-1a2b.css"), "a{}");
  await writeFile(join(assets, "mark-1a2b.svg"), "<svg/>");
  await writeFile(join(assets, "text-1a2b.woff2"), FONT);
  await writeFile(join(directory.path, "secret.txt"), "not to be served");
  await writeFile(join(directory.path, "dashboard", "index.html"), "<!doctype html><p>the one page</p>");
  expect(await (await fetch(url)).text()).toContain("the one page");
});

test("every address of the pages is the one page, which is asked for again each time", async () => {
  for (const path of [
    "/",
    "/runs",
    "/runs/run_1",
    "/sessions/a%2Fb",
    "/records",
    "/records/x",
    "/sign-in?to=/",
  ]) {
    const reply = await fetch(url + path);
    expect([reply.status, await reply.text()]).toEqual([200, "<!doctype html><p>the one page</p>"]);
    expect(reply.headers.get("cache-control")).toBe("no-cache");
  }
  expect((await fetch(`${url}/nothing`)).status).toBe(404);
  expect((await fetch(`${url}/runs`, { method: "POST" })).status).toBe(405);
});

test("what the build names after its content is kept for ever; types are right, bytes exact", async () => {
  for (const [name, type, content] of [
    ["app-1a2b.js", "text/javascript; charset=utf-8", Buffer.from(SCRIPT)],
    ["app-1a2b.css", "text/css; charset=utf-8", Buffer.from("a{}")],
    ["mark-1a2b.svg", "image/svg+xml; charset=utf-8", Buffer.from("<svg/>")],
    ["text-1a2b.woff2", "font/woff2", Buffer.from(FONT)],
  ] as const) {
    const reply = await fetch(`${url}/assets/${name}`);
    expect([reply.status, reply.headers.get("content-type")]).toEqual([200, type]);
    expect(reply.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(Buffer.from(await reply.arrayBuffer()).equals(content)).toBe(true);
    const head = await fetch(`${url}/assets/${name}`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(head.headers.get("content-length")).toBe(reply.headers.get("content-length"));
  }
});

test("files are sent compressed to whoever takes that", async () => {
  const ask = (encoding: string) =>
    app.fetch(
      new Request("http://localhost/assets/app-1a2b.js", { headers: { "accept-encoding": encoding } }),
    );
  const zipped = await ask("br, gzip");
  expect(zipped.headers.get("content-encoding")).toBe("gzip");
  expect(gunzipSync(await zipped.arrayBuffer()).toString()).toBe(SCRIPT);
  const plain = await ask("identity");
  expect(plain.headers.has("content-encoding")).toBe(false);
  expect(await plain.text()).toBe(SCRIPT);
  for (const reply of [zipped, plain]) expect(reply.headers.get("vary")).toBe("accept-encoding");
});

test.each([
  "/assets/../../secret.txt",
  "/assets/..%2f..%2fsecret.txt",
  "/assets/%2e%2e/%2e%2e/secret.txt",
  "/assets/..%5c..%5csecret.txt",
  "/assets//etc/passwd",
  "/assets/",
  "/assets",
  "/assets/app-1a2b.js%00",
  "/assets/%",
  "/secret.txt",
  "/index.html",
])("no path leads out of the pages: %s", async (path) => {
  const answer = await rawGet(path);
  expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
  expect(answer).not.toMatch(/not to be served|root:/);
});

test("W2 no page can be framed, or run what is not its own", async () => {
  for (const path of ["/", "/runs/run_1", "/assets/app-1a2b.js"]) {
    const { headers } = await fetch(url + path);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /);
    expect(policy).toMatch(/base-uri 'none'; frame-ancestors 'none'$/);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-frame-options": "DENY",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
    });
    // Other sites may read the API with a token; the pages are nothing to them.
    expect(headers.has("access-control-allow-origin")).toBe(false);
  }
});
