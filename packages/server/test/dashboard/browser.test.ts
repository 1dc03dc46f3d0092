import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEV_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { temporaryDirectory } from "../storage/temporary-directory.ts";

const executablePath = process.env.TEST_CHROMIUM;
if (executablePath === undefined) {
  process.stderr.write("The dashboard's sign-in is not tried in a browser: TEST_CHROMIUM is not set\n");
}

/** What a page of ours does: in the browser, with the browser's own headers. */
const callFromPage = (page: Page, method: string, path: string, header = true) =>
  page.evaluate(
    async ([method, path, header]) => {
      const reply = await fetch(path, { method, headers: header ? { "x-runmeta-dashboard": "1" } : {} });
      return reply.status;
    },
    [method, path, header] as const,
  );

describe.skipIf(executablePath === undefined)("in Chromium", { timeout: 90_000 }, () => {
  let api: TestServer;
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let browser: Browser;
  let runId: string;
  /** A server of somebody else on this machine. */
  let evil: ReturnType<typeof createServer>;
  let evilUrl: string;
  beforeAll(async () => {
    api = await startTestServer({ dashboard: true });
    await api.server.listen({ port: 0 });
    runId = await api.trigger();
    const page = `<!doctype html><title>evil</title><iframe src="${api.server.url}/"></iframe>
      <form method="post" action="${api.server.url}/api/v2/runs/${runId}/cancel"><button>Win</button></form>`;
    evil = createServer((_, reply) => reply.writeHead(200, { "content-type": "text/html" }).end(page)).listen(
      0,
    );
    await once(evil, "listening");
    evilUrl = `http://127.0.0.1:${(evil.address() as AddressInfo).port}/`;
    directory = await temporaryDirectory();
    browser = await chromium.launch({
      ...(executablePath === undefined ? {} : { executablePath }),
      env: { ...process.env, HOME: directory.path },
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-sync",
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
    evil?.close();
    await directory?.[Symbol.asyncDispose]();
    expect(api?.errors).toEqual([]);
    await api?.server.close();
  });

  test("W2 a link signs in; scripts do not see the cookie; own pages work, events too", async () => {
    const page = await browser.newPage();
    await page.goto(api.server.dashboardLink());
    expect(new URL(page.url()).pathname).toMatch(/^\/(runs)?$/);
    expect(await page.evaluate("document.cookie")).toBe("");
    expect(await callFromPage(page, "GET", "/auth/session")).toBe(200);
    expect(await callFromPage(page, "POST", `/api/v1/runs/${runId}/replay`)).toBe(200);
    expect(await callFromPage(page, "POST", `/api/v1/runs/${runId}/replay`, false)).toBe(403);
    const event = await page.evaluate(
      (id) =>
        new Promise((resolve, reject) => {
          const events = new EventSource(`/api/v1/runs/${id}/events`);
          events.onmessage = ({ data }) => {
            resolve(data);
            events.close();
          };
          events.onerror = () => reject(new Error("no events"));
        }),
      runId,
    );
    expect(JSON.parse(String(event))).toMatchObject({ id: runId });
    expect(await callFromPage(page, "DELETE", "/auth/session")).toBe(204);
    expect(await callFromPage(page, "GET", "/auth/session")).toBe(401);
    await page.context().close();
  });

  test.each(["127.0.0.1", "localhost"])(
    "W2 a page from %s, of another server, gets nowhere",
    async (host) => {
      const page = await browser.newPage();
      await page.goto(api.server.dashboardLink());
      await page.goto(evilUrl.replace("127.0.0.1", host));
      const target = api.server.url;
      const tried = await page.evaluate(
        async ([target, id, key]) => {
          const attempt = async (init: RequestInit, path = `/api/v2/runs/${id}/cancel`) => {
            try {
              const reply = await fetch(target + path, { credentials: "include", ...init });
              return `${reply.status} ${await reply.text()}`;
            } catch {
              return "blocked";
            }
          };
          return {
            read: await attempt({}, "/api/v1/runs"),
            asked: await attempt({ method: "POST", headers: { "x-runmeta-dashboard": "1" } }),
            simple: await attempt({ method: "POST", mode: "no-cors" }),
            signIn: await attempt(
              { method: "POST", mode: "no-cors", body: JSON.stringify({ key }) },
              "/auth/session",
            ),
          };
        },
        [target, runId, DEV_KEY] as const,
      );
      // A reply that the page may not see has no status there.
      expect(tried).toEqual({ read: "blocked", asked: "blocked", simple: "0 ", signIn: "0 " });
      const frame = page.frames().find((one) => one !== page.mainFrame());
      expect(frame?.url()).toBe("chrome-error://chromewebdata/");

      // A form, whose reply the browser goes to.
      const posted = page.waitForResponse((reply) => reply.request().method() === "POST");
      await page.click("button");
      expect([401, 403]).toContain((await posted).status());
      expect((await api.call("GET", `/api/v3/runs/${runId}`)).body.status).toBe("QUEUED");
      await page.context().close();
    },
  );
});
