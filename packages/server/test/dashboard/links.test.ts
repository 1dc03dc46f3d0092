import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ShiftedClock } from "../server/shifted-clock.ts";
import { DEV_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { TestBrowser } from "./test-browser.ts";

let api: TestServer;
let clock: ShiftedClock;
let browser: TestBrowser;
beforeAll(async () => {
  clock = new ShiftedClock();
  api = await startTestServer({ dashboard: true, clock });
  expect(() => api.server.dashboardLink()).toThrow(/call listen\(\) first/);
  await api.server.listen({ port: 0 });
});
beforeEach(() => {
  browser = new TestBrowser(api.server, api.server.url);
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

/** As from a terminal: no page sent the browser there. */
const TYPED = { "x-runmeta-dashboard": undefined, "sec-fetch-site": "none" };
const newLink = () => api.server.dashboardLink().slice(api.server.url.length);
const open = (path: string, one = browser, headers: object = {}) =>
  one.call("GET", path, undefined, { ...TYPED, ...headers });

test("a link signs in, over a socket too, and leads to the dashboard", async () => {
  const link = api.server.dashboardLink();
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/auth\/link\/[A-Za-z0-9_-]{32}$/);
  const reply = await fetch(link, { redirect: "manual" });
  expect([reply.status, reply.headers.get("location"), await reply.text()]).toEqual([303, "/", ""]);
  const [cookie = ""] = reply.headers.getSetCookie();
  expect(cookie).toMatch(/^runmeta-\d+=[\w.-]+; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/);
  const who = await fetch(`${api.server.url}/auth/session`, {
    headers: { cookie: cookie.split(";")[0] ?? "" },
  });
  expect(await who.json()).toEqual({ environment: "dev", readOnly: false });
});

test("a link is good for one browser; that one may open it again", async () => {
  const link = newLink();
  expect((await open(link)).status).toBe(303);
  const other = await open(link, new TestBrowser(api.server, api.server.url));
  expect([other.status, other.headers.get("set-cookie")]).toEqual([410, null]);
  expect(other.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  expect(await other.text()).toContain('<a href="/sign-in">');
  const again = await open(link);
  expect([again.status, again.headers.get("location"), again.headers.get("set-cookie")]).toEqual([
    303,
    "/",
    null,
  ]);
});

test("of two that open a link at once one is signed in", async () => {
  const link = newLink();
  const browsers = Array.from({ length: 5 }, () => new TestBrowser(api.server, api.server.url));
  const statuses = await Promise.all(browsers.map(async (one) => (await open(link, one)).status));
  expect(statuses.sort()).toEqual([303, 410, 410, 410, 410]);
});

test("looking at a link does not use it up; another name of the server does not either", async () => {
  const link = newLink();
  expect((await browser.call("HEAD", link)).status).toBe(410);
  expect((await open(link, browser, { host: "evil.example" })).status).toBe(403);
  expect((await browser.call("POST", link, {})).status).toBe(405);
  expect((await open(link)).status).toBe(303);
});

test("a link is good for 15 minutes, and each is good by itself", async () => {
  const late = newLink();
  clock.advance(15 * 60_000 - 2_000);
  const intime = newLink();
  clock.advance(3_000);
  expect((await open(late)).status).toBe(410);
  expect((await open(intime)).status).toBe(303);
  for (const token of ["", "x", "%00", "%", "x".repeat(3000), DEV_KEY])
    expect([404, 410]).toContain((await open(`/auth/link/${token}`, new TestBrowser(api.server))).status);
});

test("there are no links where others could see them on their way", async () => {
  await using open = await startTestServer({ dashboard: true });
  await open.server.listen({ port: 0, host: "0.0.0.0" });
  expect(() => open.server.dashboardLink()).toThrow(/no sign-in links on 0\.0\.0\.0/);
});
