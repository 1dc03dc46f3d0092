import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OpenApiDocument } from "../../src/openapi/openapi-document.ts";
import { renderReference } from "../../src/openapi/reference-page.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";
import { temporaryDirectory } from "../storage/temporary-directory.ts";

let api: TestServer;
let document: OpenApiDocument;
let page: string;
beforeAll(async () => {
  api = await startTestServer();
  document = (await api.call("GET", "/openapi.json")).body;
  page = (await api.call("GET", "/reference", undefined, { authorization: "" })).text;
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

test("names every operation, parameter, reply and schema of the document", () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const operation of Object.values(methods)) {
      const section = page.slice(page.indexOf(`<section class="operation" id="${operation.operationId}"`));
      const own = section.slice(0, section.indexOf("</section>"));
      expect(own.replaceAll("<wbr>", ""), operation.operationId).toContain(`<code>${path}</code>`);
      for (const { name } of operation.parameters ?? [])
        expect(own).toContain(`<code class="name">${name}</code>`);
      for (const status of Object.keys(operation.responses)) expect(own).toContain(`>${status}</span>`);
    }
  }
  for (const name of Object.keys(document.components.schemas)) expect(page).toContain(`id="schema-${name}"`);
});

test("W1 loads nothing, runs nothing, and links to nothing that is not there", async () => {
  const answer = await api.call("GET", "/reference");
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; /);
  expect(policy).not.toMatch(/unsafe|script-src|https?:/);
  expect(page).not.toMatch(/<script|<link|<img|<iframe|\son\w+=|url\(|@import|style="/i);
  const anchors = new Set([...page.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]));
  const links = [...page.matchAll(/href="([^"]*)"/g)].map((match) => match[1] ?? "");
  expect(links.filter((link) => !anchors.has(link.slice(1)))).toEqual(["openapi.json"]);
});

test("W1 markup in a description is text", async () => {
  const hostile = '<img src=x onerror="alert(1)"></style></script>&amp;`<b>`';
  const text = JSON.stringify(document).replaceAll(
    '"description":"',
    `"description":${JSON.stringify(hostile).slice(0, -1)}`,
  );
  const rendered = await renderReference(JSON.parse(text) as OpenApiDocument);
  expect(rendered).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;");
  expect(rendered).not.toMatch(/<img|<b>|<script/);
});

const executablePath = process.env.TEST_CHROMIUM;
if (executablePath === undefined) {
  process.stderr.write("The reference is not opened in a browser: TEST_CHROMIUM is not set\n");
}

describe.skipIf(executablePath === undefined)("in Chromium", { timeout: 90_000 }, () => {
  test.each([
    { name: "a desk", width: 1280, colorScheme: "light", folded: false },
    { name: "a phone at night", width: 390, colorScheme: "dark", folded: true },
  ] as const)(
    "W1 fits $name, asks nobody else, and breaks no policy",
    async ({ width, colorScheme, folded }) => {
      await using directory = await temporaryDirectory();
      await api.server.listen({ port: 0 }).catch(() => undefined);
      const browser = await chromium.launchPersistentContext(directory.path, {
        executablePath: executablePath ?? "",
        headless: true,
        args: [
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync",
        ],
        viewport: { width, height: 900 },
        colorScheme,
      });
      try {
        const tab = await browser.newPage();
        const requests: string[] = [];
        const complaints: string[] = [];
        tab.on("request", (request) => requests.push(request.url()));
        tab.on("console", (message) => complaints.push(message.text()));
        tab.on("pageerror", (error) => complaints.push(error.message));
        const url = `${api.server.url}/reference`;
        await tab.goto(url);
        expect(requests.filter((one) => !one.endsWith("/favicon.ico"))).toEqual([url]);
        expect(await tab.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(
          0,
        );
        const background = await tab.evaluate("getComputedStyle(document.body).backgroundColor");
        expect(background).toBe(colorScheme === "dark" ? "rgb(14, 17, 22)" : "rgb(255, 255, 255)");
        const link = tab.locator("nav a", { hasText: "Trigger a task" });
        expect(await link.isVisible()).toBe(!folded);
        if (folded) await tab.locator("nav summary").click();
        await link.click();
        expect(new URL(tab.url()).hash).toBe("#triggerTask");
        expect(await tab.locator("#triggerTask h3").isVisible()).toBe(true);
        expect(complaints).toEqual([]);
      } finally {
        await browser.close();
      }
    },
  );
});
