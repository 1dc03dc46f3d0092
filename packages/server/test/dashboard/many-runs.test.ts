import { randomBytes } from "node:crypto";
import { Client } from "pg";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgresStorage } from "../../src/index.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";
import { executablePath, openBrowser, openTab } from "./open-browser.ts";
import { seedRuns } from "./seed-runs.ts";

const connectionString = process.env.TEST_DATABASE_URL;
if (connectionString === undefined) {
  process.stderr.write("100,000 runs are not looked at: TEST_DATABASE_URL is not set\n");
}
const COUNT = 100_000;

describe.skipIf(executablePath === undefined || connectionString === undefined)("with 100,000 runs", () => {
  const schema = `dashboard_test_${randomBytes(6).toString("hex")}`;
  let browser: Browser;
  let api: TestServer;
  beforeAll(async () => {
    browser = await openBrowser();
    const storage = postgresStorage({ connectionString: connectionString ?? "", schema, maxConnections: 4 });
    api = await startTestServer({ dashboard: true, storage });
    await api.server.listen({ port: 0 });
    await seedRuns({ connectionString: connectionString ?? "", schema, environment: "dev" }, COUNT);
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await api.server.close();
    const client = new Client({ connectionString });
    await client.connect();
    await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
    await client.end();
    expect(api.errors).toEqual([]);
  });

  test("the list scrolls through thousands, keeps few rows in the document, and does not jump when runs come", async () => {
    await using tab = await openTab(browser, api, "/runs");
    const { page } = tab;
    await page.getByRole("row", { name: `run_seed0${COUNT}` }).waitFor();
    const link = page.getByRole("row").nth(1).getByRole("link");
    await link.focus();
    // Each End goes to the last row that is known, and the next page is read.
    const reached = async () => Number(await page.locator(":focus").getAttribute("data-row"));
    for (let target = 500; target <= 1_500; target += 500) {
      await expect
        .poll(async () => {
          await page.keyboard.press("End");
          return await reached();
        })
        .toBeGreaterThanOrEqual(target);
    }
    expect(await page.locator(".table-body .table-row").count()).toBeLessThan(60);
    await page.keyboard.press("PageUp");
    const before = await page.locator(":focus").textContent();
    const table = page.getByRole("table", { name: "Runs" });
    const scrolledTo = await table.evaluate((element: { scrollTop: number }) => element.scrollTop);
    await api.trigger({ tags: ["newcomer"] });
    const button = page.getByRole("button", { name: /1 new/ });
    await button.waitFor();
    expect(await page.locator(":focus").textContent()).toBe(before);
    expect(await table.evaluate((element: { scrollTop: number }) => element.scrollTop)).toBe(scrolledTo);
    await button.click();
    await page.getByRole("row", { name: /newcomer/ }).waitFor();
    expect(tab.complaints).toEqual([]);
  }, 120_000);

  test("a filter on them answers, and what is executing there is read again", async () => {
    await using tab = await openTab(browser, api, "/runs?status=EXECUTING&task=import-cities");
    const newest = `run_seed00${String(COUNT - (COUNT % 60)).padStart(5, "0")}`;
    const row = tab.page.getByRole("row", { name: newest });
    await row.waitFor();
    await api.call("PUT", `/api/v1/runs/${newest}/metadata`, { metadata: { note: "seen live" } });
    await row.getByText("note: seen live").waitFor();
  }, 60_000);
});
