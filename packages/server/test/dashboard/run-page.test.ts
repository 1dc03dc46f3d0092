import { configure, metadata, task, tasks } from "@runmeta/runtime";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inlineEngine, pgliteStorage } from "../../src/index.ts";
import { gate, taskId } from "../engine/engine-server.ts";
import { DEV_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { temporaryDirectory } from "../storage/temporary-directory.ts";
import { executablePath, openBrowser, openTab } from "./open-browser.ts";

let browser: Browser;
let api: TestServer;

describe.skipIf(executablePath === undefined)("the page of a run", { timeout: 90_000 }, () => {
  beforeAll(async () => {
    browser = await openBrowser();
    api = await startTestServer({ dashboard: true, engine: inlineEngine() });
    await api.server.listen({ port: 0 });
    configure({ baseURL: api.server.url, accessToken: DEV_KEY });
  });
  afterAll(async () => {
    await browser.close();
    expect(api.errors).toEqual([]);
    await api.server.close();
  });

  test("a running task is followed without a reload: progress, document, children, output", async () => {
    const [half, end] = [gate(), gate()];
    const child = task({
      id: taskId("child"),
      run: async () => {
        metadata.set("progress", 0.5);
        await metadata.flush();
        await end.opened;
      },
    });
    const parent = task({
      id: taskId("parent"),
      run: async (payload: { country: string }) => {
        const bar = metadata.progress(4);
        metadata.set("country", payload.country);
        await child.trigger(undefined);
        await half.opened;
        bar.advance();
        bar.advance();
        await metadata.flush();
        await end.opened;
        return { rows: 2 };
      },
    });
    const { id } = await tasks.trigger(parent.id, { country: "Brazil" });
    await using tab = await openTab(browser, api, `/runs/${id}`);
    const { page } = tab;
    await page.getByRole("heading", { name: parent.id }).waitFor();
    await page.getByRole("tree", { name: "Metadata" }).getByText("Brazil").waitFor();
    await page.getByRole("tree", { name: "Payload" }).getByText("Brazil").waitFor();
    const bar = page.getByRole("region", { name: "Progress" }).getByRole("progressbar");
    expect(await bar.getAttribute("aria-valuenow")).toBe("0");
    const relatives = page.getByRole("region", { name: "Related runs" });
    await relatives.getByRole("link", { name: child.id }).waitFor();
    await expect
      .poll(() => relatives.getByRole("progressbar").last().getAttribute("aria-valuenow"), {
        timeout: 10_000,
      })
      .toBe("50");
    half.open();
    await expect.poll(() => bar.getAttribute("aria-valuenow")).toBe("50");
    await page.getByText("2 of 4").waitFor();
    end.open();
    await page.locator(".run-header").getByText("Completed").waitFor();
    await page.getByRole("tree", { name: "Output" }).getByText("rows").waitFor();
    await relatives.getByRole("link", { name: child.id }).click();
    await page.getByRole("heading", { name: child.id }).waitFor();
    await relatives.getByRole("link", { name: parent.id }).waitFor();
    expect(tab.complaints).toEqual([]);
  });

  test("a number that moved has a sparkline, attempts are told apart", async () => {
    const failed = gate();
    const twice = task({
      id: taskId("twice"),
      retry: { maxAttempts: 2, minTimeoutInMs: 1, maxTimeoutInMs: 1 },
      run: async (_payload, { ctx }) => {
        metadata.increment("rows", ctx.attempt.number);
        await metadata.flush();
        if (ctx.attempt.number === 1) throw new Error("the database went away");
        await failed.opened;
        throw new Error("and stayed away");
      },
    });
    const { id } = await tasks.trigger(twice.id, undefined);
    await using tab = await openTab(browser, api, `/runs/${id}`);
    const { page } = tab;
    const row = page.getByRole("treeitem", { name: "rows" });
    await row.locator("svg.sparkline").waitFor();
    const attempts = page.getByRole("region", { name: "Attempts" });
    await expect.poll(() => attempts.getByRole("listitem").count()).toBe(2);
    failed.open();
    await page.getByText("and stayed away").first().waitFor();
    await page.locator(".run-header").getByText("Failed").waitFor();
  });

  test("a run is cancelled once one has said yes, and replayed as a new run", async () => {
    const forever = task({ id: taskId("forever"), run: () => new Promise<void>(() => undefined) });
    const { id } = await tasks.trigger(forever.id, { n: 1 });
    await using tab = await openTab(browser, api, `/runs/${id}`);
    const { page } = tab;
    const status = page.locator(".run-header .status");
    await expect.poll(() => status.textContent()).toBe("Executing");
    await page.getByRole("button", { name: "Cancel run" }).click();
    const dialog = page.getByRole("dialog", { name: "Cancel this run?" });
    await dialog.getByRole("button", { name: "Keep it running" }).click();
    expect(await status.textContent()).toBe("Executing");
    await page.getByRole("button", { name: "Cancel run" }).click();
    await dialog.getByRole("button", { name: "Cancel run" }).click();
    await expect.poll(() => status.textContent()).toBe("Canceled");
    expect(await page.getByRole("button", { name: "Cancel run" }).count()).toBe(0);
    await page.getByRole("button", { name: "Replay" }).click();
    await page.waitForURL((url) => url.pathname.startsWith("/runs/") && !url.pathname.endsWith(id));
    await expect.poll(() => status.textContent()).toBe("Executing");
    const replayed = new URL(page.url()).pathname.split("/").at(-1);
    await api.call("POST", `/api/v2/runs/${replayed}/cancel`);
    expect(tab.complaints).toEqual([]);
  });

  test("W1 markup in keys, values, tags and errors is text; a run that is none is told", async () => {
    const hostile = `<img src=x onerror="document.title='owned'">`;
    const bad = task({
      id: taskId("<script>alert(1)</script>"),
      run: async () => {
        metadata.set(hostile, {
          [hostile]: "</script><script>alert(1)</script>",
          link: "javascript:alert(1)",
        });
        metadata.set("rtl", "\u202egnp.exe").set("zero", "a\u200bb");
        await metadata.flush();
        const error = new Error(hostile);
        error.name = hostile;
        throw error;
      },
    });
    const { id } = await tasks.trigger(bad.id, hostile, { tags: [hostile] });
    await using tab = await openTab(browser, api, `/runs/${id}`);
    const { page } = tab;
    await page.locator(".run-header").getByText("Failed").waitFor();
    const tree = page.getByRole("tree", { name: "Metadata" });
    await tree.getByText("</script><script>").waitFor();
    await tree.getByText("U+202E").waitFor();
    await tree.getByText("U+200B").waitFor();
    expect(await page.locator("#content").locator("img, script, iframe, a[href^=javascript]").count()).toBe(
      0,
    );
    expect(await page.getByRole("region", { name: hostile }).textContent()).toContain("onerror");
    expect(await page.title()).toContain(bad.id);
    expect(tab.complaints).toEqual([]);
    await page.goto(`${api.server.url}/runs/${encodeURIComponent('run_"><b>')}`);
    await page.getByRole("alert").getByText("Not found").waitFor();
    expect(await page.locator("#content b").count()).toBe(0);
  });
});

test.skipIf(executablePath === undefined)(
  "a server that is gone is told, the picture stays, and what happened meanwhile comes when it is back",
  async () => {
    await using directory = await temporaryDirectory();
    const start = async (port: number) => {
      const server = await startTestServer({
        dashboard: true,
        storage: pgliteStorage({ directory: directory.path }),
      });
      await server.server.listen({ port });
      return server;
    };
    const own = await openBrowser();
    try {
      const first = await start(0);
      const id = await first.trigger({ metadata: { step: "before" } });
      await using tab = await openTab(own, first, `/runs/${id}`);
      const { page } = tab;
      const tree = page.getByRole("tree", { name: "Metadata" });
      await tree.getByText("before").waitFor();
      await page.getByText("Live", { exact: true }).waitFor();
      const port = Number(new URL(first.server.url).port);
      await first.server.close();
      await page.getByText("Reconnecting", { exact: true }).waitFor();
      expect(await tree.getByText("before").isVisible()).toBe(true);
      await using second = await start(port);
      await second.call("PUT", `/api/v1/runs/${id}/metadata`, { metadata: { step: "after" } });
      await tree.getByText("after").waitFor();
      await page.getByText("Live", { exact: true }).waitFor();
    } finally {
      await own.close();
    }
  },
);
