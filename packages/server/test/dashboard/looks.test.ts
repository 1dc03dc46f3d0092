import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../server/test-server.ts";
import { findings } from "./axe-findings.ts";
import { executablePath, openBrowser, openTab } from "./open-browser.ts";
import { picturesDirectory } from "./pictures-directory.ts";

let browser: Browser;
let api: TestServer;
let pictures: string;
/** Each page, a path to it, and a text that is there when it is. */
const pages = [
  { name: "sign-in", path: "/sign-in", ready: "Sign in to runmeta" },
  { name: "runs", path: "/runs", ready: "import-cities" },
  { name: "runs-filtered", path: "/runs?status=FAILED&tag=x&metadata.step=3", ready: "Nothing matches" },
  { name: "sessions", path: "/sessions", ready: "chat-1" },
  { name: "session", path: "/sessions/chat-1", ready: "turns" },
  { name: "records", path: "/records", ready: "Ada 1" },
  { name: "record", path: "/records/ada%2F1", ready: "plan" },
] as const;

describe.skipIf(executablePath === undefined)("each page of the dashboard", { timeout: 90_000 }, () => {
  beforeAll(async () => {
    browser = await openBrowser();
    api = await startTestServer({ dashboard: true });
    await api.server.listen({ port: 0 });
    await fill(api);
    pictures = await picturesDirectory();
  });
  afterAll(async () => {
    await browser.close();
    expect(api.errors).toEqual([]);
    await api.server.close();
  });

  test.each([
    { name: "light", colorScheme: "light", width: 1280, height: 800 },
    { name: "dark", colorScheme: "dark", width: 1280, height: 800 },
    { name: "phone", colorScheme: "light", width: 390, height: 844 },
  ] as const)(
    "W1 axe and the policy find nothing, nothing is wider than the screen: $name",
    async ({ name, colorScheme, width, height }) => {
      const options = { colorScheme, viewport: { width, height }, reducedMotion: "reduce" } as const;
      await using stranger = await openTab(browser, api, "/sign-in", { ...options, signedIn: false });
      await using tab = await openTab(browser, api, "/runs", options);
      for (const one of pages) {
        const { page } = one.name === "sign-in" ? stranger : tab;
        await page.goto(`${api.server.url}${one.path}`);
        await page.getByText(one.ready).first().waitFor();
        await page.screenshot({ path: join(pictures, `${one.name}-${name}.png`) });
        expect(await findings(page), `${one.name}, ${name}`).toEqual([]);
        expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(
          0,
        );
      }
      expect(tab.complaints).toEqual([]);
      // Whether somebody is signed in is asked first, and answered with 401.
      expect(stranger.complaints.filter((text) => !text.includes("401"))).toEqual([]);
    },
    120_000,
  );

  test("axe finds nothing in what opens: menus, forms", async () => {
    await using runs = await openTab(browser, api, "/runs", { reducedMotion: "reduce" });
    for (const menu of ["Status", "Time", "More filters"]) {
      await runs.page.locator("summary", { hasText: menu }).click();
      await runs.page.screenshot({
        path: join(pictures, `menu-${menu.toLowerCase().replace(" ", "-")}.png`),
      });
      expect(await findings(runs.page), menu).toEqual([]);
    }
    await runs.page.goto(`${api.server.url}/records`);
    await runs.page.locator("summary", { hasText: "New record" }).click();
    await runs.page.screenshot({ path: join(pictures, "record-new.png") });
    expect(await findings(runs.page), "a new record").toEqual([]);
    await runs.page.goto(`${api.server.url}/records/ada%2F1`);
    await runs.page.getByRole("button", { name: "Edit" }).click();
    await runs.page.getByLabel("Metadata").fill("[1]");
    await runs.page.getByText("A document is an object").waitFor();
    await runs.page.screenshot({ path: join(pictures, "record-edit.png") });
    expect(await findings(runs.page), "record form").toEqual([]);
    await runs.page.getByRole("button", { name: "Cancel" }).click();
    await runs.page.locator("summary", { hasText: "Delete" }).click();
    await runs.page.setViewportSize({ width: 390, height: 844 });
    expect(await runs.page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBe(0);
    await runs.page.screenshot({ path: join(pictures, "record-delete.png") });
    expect(await findings(runs.page), "deleting a record").toEqual([]);
  });
});

async function fill({ call, trigger }: TestServer): Promise<void> {
  const tasks = ["import-cities", "send-newsletter", "resize-images"];
  for (let number = 0; number < 24; number++) {
    const task = tasks[number % 3] ?? "";
    const answer = await call("POST", `/api/v1/tasks/${task}/trigger`, {
      payload: {},
      options: {
        tags: [`user_${number % 5}`, "nightly"],
        metadata: {
          step: `reading row ${number * 37}`,
          country: "Iceland",
          progress: { done: number, total: 24, percent: (number / 24) * 100, ratePerSecond: 2, etaMs: 1200 },
        },
      },
    });
    if (number % 4 === 1) await call("POST", `/api/v2/runs/${answer.body.id}/cancel`);
  }
  await trigger({ tags: ["queued"] });
  for (let number = 1; number <= 3; number++) {
    await call("POST", "/api/v1/sessions", {
      type: "chat",
      taskIdentifier: "assistant",
      externalId: `chat-${number}`,
      tags: ["beta"],
      metadata: { title: `Talk ${number}`, turns: number },
      triggerConfig: { basePayload: {} },
    });
    await call("POST", "/v1/records", {
      id: `ada/${number}`,
      type: "customer",
      name: `Ada ${number}`,
      metadata: { plan: "free", seats: number },
      messages: [{ role: "user", content: "hello" }],
    });
  }
  await call("POST", "/api/v1/sessions/chat-2/close", { reason: "done" });
}
