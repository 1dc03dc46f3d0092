import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../server/test-server.ts";
import { longestTaskMs } from "./main-thread.ts";
import { executablePath, openBrowser, openTab } from "./open-browser.ts";

/** A key that is pressed is answered within this time, whatever the page is doing. */
const RESPONSIVE_MS = 200;

let browser: Browser;
let api: TestServer;

describe.skipIf(executablePath === undefined)("W3 a large document on a run's page", () => {
  beforeAll(async () => {
    browser = await openBrowser();
    api = await startTestServer({ dashboard: true, maximumSize: 2_000_000 });
    await api.server.listen({ port: 0 });
  });
  afterAll(async () => {
    await browser.close();
    expect(api.errors).toEqual([]);
    await api.server.close();
  });

  test("of 10,000 keys and 256 KB is followed, walked, searched and scrubbed without a pause", async () => {
    const id = await api.trigger();
    const document = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, n): [string, number | string] => [
        keyOf(n),
        n % 3 === 0 ? "text" : n,
      ]),
    );
    document.padding = "x".repeat(256 * 1024 - Buffer.byteLength(JSON.stringify(document)) - 13);
    const put = (body: object) => api.call("PUT", `/api/v1/runs/${id}/metadata`, body);
    await put({ metadata: document });
    await using tab = await openTab(browser, api, `/runs/${id}`);
    const { page } = tab;
    page.setDefaultTimeout(60_000);
    const tree = page.getByRole("tree", { name: "Metadata" });
    await tree.waitFor();
    expect(await tree.getByRole("treeitem").count()).toBeLessThan(100);
    const longest = await longestTaskMs(browser, page, async () => {
      await tree.focus();
      for (let n = 1; n <= 10; n++) {
        await put({
          operations: [0, 1, 2, 5_000].map((key) => ({ type: "set", key: keyOf(key), value: -n })),
        });
        await page.keyboard.press(n % 2 === 0 ? "PageDown" : "ArrowDown");
      }
      await page.keyboard.press("End");
      await tree.getByText("padding").waitFor();
      await page.keyboard.press("Home");
      await tree.getByText("-10", { exact: true }).first().waitFor();
      await page.getByLabel("Find in the document").fill("key05000");
      await expect.poll(() => tree.getByRole("treeitem").count(), { timeout: 60_000 }).toBe(1);
      await tree.getByText("-10", { exact: true }).waitFor();
      await page.getByRole("slider", { name: "Moment of the document" }).focus();
      for (let n = 0; n < 5; n++) await page.keyboard.press("ArrowLeft");
      await tree.getByText("-5", { exact: true }).waitFor();
    });
    expect(longest).toBeLessThan(RESPONSIVE_MS);
    expect(tab.complaints).toEqual([]);
  }, 120_000);

  test("a line of a megabyte and texts of other directions are cut, and shown in full when asked for", async () => {
    const id = await api.trigger();
    await using tab = await openTab(browser, api, `/runs/${id}`);
    const { page } = tab;
    page.setDefaultTimeout(60_000);
    await page.getByRole("heading", { name: "hello" }).waitFor();
    const longest = await longestTaskMs(browser, page, async () => {
      await api.call("PUT", `/api/v1/runs/${id}/metadata`, {
        metadata: {
          line: `begin${"0123456789".repeat(100_000)}end`,
          rtl: "שלום עולם ".repeat(2_000),
          zero: "a\u200b".repeat(20_000),
        },
      });
      const line = page.getByRole("treeitem", { name: "line" });
      await line.getByRole("button", { name: "Show all" }).click();
      const dialog = page.getByRole("dialog", { name: "The whole text" });
      await dialog.getByText("begin0123456789").waitFor();
      await dialog.getByText("976.6 KB").waitFor();
      await dialog.locator(".text-blocks").focus();
      await page.keyboard.press("End");
      await dialog.getByText(/9end$/).waitFor();
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      await page.getByRole("treeitem", { name: "zero" }).getByRole("button", { name: "Show all" }).click();
      await dialog.getByText("a⟨U+200B⟩a⟨U+200B⟩").first().waitFor();
    });
    expect(longest).toBeLessThan(RESPONSIVE_MS);
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    expect(tab.complaints).toEqual([]);
  }, 120_000);
});

function keyOf(n: number): string {
  return `key${String(n).padStart(5, "0")}`;
}
