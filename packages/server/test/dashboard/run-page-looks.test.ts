import { join } from "node:path";
import { configure, metadata, task, tasks } from "@runmeta/runtime";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inlineEngine } from "../../src/index.ts";
import { gate, taskId } from "../engine/engine-server.ts";
import { DEV_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { findings } from "./axe-findings.ts";
import { executablePath, openBrowser, openTab } from "./open-browser.ts";
import { picturesDirectory } from "./pictures-directory.ts";

let browser: Browser;
let api: TestServer;
let pictures: string;
let running: string;
let failed: string;
const end = gate();

describe.skipIf(executablePath === undefined)("the looks of a run's page", { timeout: 90_000 }, () => {
  beforeAll(async () => {
    browser = await openBrowser();
    api = await startTestServer({ dashboard: true, engine: inlineEngine() });
    await api.server.listen({ port: 0 });
    configure({ baseURL: api.server.url, accessToken: DEV_KEY });
    pictures = await picturesDirectory();
    [running, failed] = await startRuns();
  });
  afterAll(async () => {
    end.open();
    await browser.close();
    expect(api.errors).toEqual([]);
    await api.server.close();
  });

  test.each([
    { name: "light", colorScheme: "light", width: 1280, height: 800 },
    { name: "dark", colorScheme: "dark", width: 1280, height: 800 },
    { name: "phone", colorScheme: "dark", width: 390, height: 844 },
  ] as const)(
    "W1 axe and the policy find nothing in any state of it, nothing is wider than the screen: $name",
    async ({ name, colorScheme, width, height }) => {
      const options = { colorScheme, viewport: { width, height }, reducedMotion: "reduce" } as const;
      await using tab = await openTab(browser, api, `/runs/${running}`, options);
      const { page } = tab;
      page.setDefaultTimeout(30_000);
      const look = async (state: string) => {
        await page.screenshot({ path: join(pictures, `run-${state}-${name}.png`) });
        expect(await findings(page), `${state}, ${name}`).toEqual([]);
        expect(
          await page.evaluate("document.documentElement.scrollWidth - innerWidth"),
          state,
        ).toBeLessThanOrEqual(0);
      };
      await page.locator("svg.sparkline").first().waitFor();
      await page.getByRole("region", { name: "Related runs" }).getByRole("link").first().waitFor();
      await page.getByRole("treeitem", { name: "stage" }).click();
      await look("live");
      await page.getByRole("slider", { name: "Moment of the document" }).focus();
      await page.keyboard.press("ArrowLeft");
      await page.getByText("Not live").waitFor();
      await look("past");
      await edit(page);
      await look("editing");
      await page.getByRole("button", { name: "Discard" }).click();
      await page.getByRole("treeitem", { name: "report" }).getByRole("button", { name: "Show all" }).click();
      await page.getByRole("dialog", { name: "The whole text" }).waitFor();
      await look("text");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Cancel run" }).click();
      await look("cancel");
      await page.goto(`${api.server.url}/runs/${failed}`);
      await page.getByText("Stack").click();
      await look("failed");
      expect(tab.complaints).toEqual([]);
    },
    120_000,
  );
});

/** A document over the limit, which somebody else has changed meanwhile. */
async function edit(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Document as JSON").fill(JSON.stringify({ stage: "x".repeat(4_096) }));
  await api.call("PUT", `/api/v1/runs/${running}/metadata`, {
    operations: [{ type: "set", key: "stage", value: `at ${performance.now()}` }],
  });
  await page.getByText("Somebody changed what you changed").waitFor();
  await page.getByText("too many").waitFor();
}

/** One that is being executed, with children and a history, and one that failed. */
async function startRuns(): Promise<[running: string, failed: string]> {
  const resize = task({
    id: taskId("resize-image"),
    run: async ({ done }: { done: number }) => {
      metadata.set("progress", { done, total: 20 });
      await metadata.flush();
      if (done < 20) await end.opened;
    },
  });
  const importing = task({
    id: taskId("import-cities"),
    run: async () => {
      const bar = metadata.progress(600);
      metadata
        .set("user", { name: "Zo\u00eb \u202egnp", tags: ["beta", "eu"] })
        .set("report", "All is well. ".repeat(90));
      for (const temperature of [12, 17.5, 9, 21, 14, 19]) {
        for (let row = 0; row < 40; row++) bar.advance();
        metadata.set("stage", temperature > 15 ? "writing" : "parsing").set("temperature", temperature);
        metadata.append("log", `São Paulo: ${temperature}`);
        await metadata.flush();
      }
      await resize.batchTrigger([20, 13, 4].map((done) => ({ payload: { done } })));
      await end.opened;
    },
  });
  const failing = task({
    id: taskId("send-newsletter"),
    retry: { maxAttempts: 1 },
    run: async () => {
      metadata.set("sent", 12);
      await metadata.flush();
      throw new TypeError("The mail server hung up\nafter 12 letters");
    },
  });
  const first = await tasks.trigger(
    importing.id,
    { country: "Brazil", deep: { list: [1, 2, { three: 3 }] } },
    { tags: ["user_42", "nightly"] },
  );
  const second = await tasks.trigger(failing.id, "a text", { tags: ["nightly"] });
  await api.server.runs.waitForEnd("dev", second.id, 20_000);
  return [first.id, second.id];
}
