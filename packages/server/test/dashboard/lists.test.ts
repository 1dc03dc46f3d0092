import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pgliteStorage } from "../../src/index.ts";
import { DEV_KEY, startTestServer, type TestServer } from "../server/test-server.ts";
import { temporaryDirectory } from "../storage/temporary-directory.ts";
import { closeDashboard, executablePath, openDashboard, openTab } from "./open-browser.ts";

let browser: Browser;
let api: TestServer;

describe.skipIf(executablePath === undefined)("the lists of the dashboard", { timeout: 90_000 }, () => {
  beforeAll(async () => {
    ({ browser, api } = await openDashboard());
  });
  afterAll(() => closeDashboard({ browser, api }));

  test("a wrong key is refused, a right one leads back to where one was, and one can leave", async () => {
    await using tab = await openTab(browser, api, "/records?type=none", { signedIn: false });
    const { page } = tab;
    await page.waitForURL("**/sign-in?from=*");
    const key = page.getByLabel("Secret key");
    await key.fill("tr_dev_of-another-server");
    await key.press("Enter");
    await page.getByText("The server does not know this key.").waitFor();
    await key.fill(DEV_KEY);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/records?type=none");
    expect(
      await page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])"),
    ).not.toContain(DEV_KEY);
    await page.locator("summary", { hasText: "dev" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/sign-in*");
    await page.goto(`${api.server.url}/runs`);
    await page.waitForURL("**/sign-in");
  });

  test("a sign-in leads to no other site", async () => {
    await using tab = await openTab(browser, api, "/sign-in?from=//example.com/runs", { signedIn: false });
    await tab.page.getByLabel("Secret key").fill(DEV_KEY);
    await tab.page.getByRole("button", { name: "Sign in" }).click();
    await tab.page.waitForURL(`${api.server.url}/runs`);
  });

  test("without runs it tells the first step, with this server's address; runs then appear by themselves", async () => {
    await using fresh = await startTestServer({ dashboard: true });
    await fresh.server.listen({ port: 0 });
    await using tab = await openTab(browser, fresh, "/runs");
    const snippet = tab.page.getByRole("figure", { name: "A trigger call" });
    expect(await snippet.textContent()).toContain(`curl ${fresh.server.url}/api/v1/tasks/hello/trigger`);
    await fresh.trigger({ tags: ["first"] });
    await tab.page.getByRole("row", { name: /hello.*first/ }).waitFor();
    expect(tab.complaints).toEqual([]);
  });

  test("progress, status and metadata of a run move without a reload", async () => {
    const id = await api.trigger({ tags: ["moving"] });
    await using tab = await openTab(browser, api, "/runs?tag=moving");
    const row = tab.page.getByRole("row", { name: id });
    await row.getByText("Queued").waitFor();
    const put = (metadata: object) => api.call("PUT", `/api/v1/runs/${id}/metadata`, { metadata });
    await put({ progress: 0.25, step: "read" });
    const bar = row.getByRole("progressbar");
    await bar.waitFor();
    expect(await bar.getAttribute("aria-valuenow")).toBe("25");
    await row.getByText("step: read").waitFor();
    await put({ progress: { done: 3, total: 4, percent: 75, ratePerSecond: 1, etaMs: 1000 }, step: "write" });
    await row.getByText("75 %").waitFor();
    await row.getByText("step: write").waitFor();
    await api.call("POST", `/api/v2/runs/${id}/cancel`);
    await row.getByText("Canceled").waitFor();
    await tab.page.getByText("Live", { exact: true }).waitFor();
  });

  test("filters stand in the address, survive a reload, and the back button takes them away", async () => {
    const wanted = await api.trigger({ tags: ["tenant-1"], metadata: { step: "find me" } });
    const other = await api.trigger({ tags: ["tenant-2"], metadata: { step: "not me" } });
    await api.call("POST", `/api/v2/runs/${other}/cancel`);
    await using tab = await openTab(browser, api, "/runs");
    const { page } = tab;
    await page.getByRole("row", { name: other }).waitFor();
    await page.locator("summary", { hasText: "Status" }).click();
    await page.getByRole("checkbox", { name: "Queued", exact: true }).check();
    await page.waitForURL("**/runs?status=QUEUED");
    await page.getByRole("row", { name: other }).waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await page.keyboard.press("/");
    await page.keyboard.type("#tenant-1");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/runs?status=QUEUED&tag=tenant-1");
    const rows = page.locator(".table-body").getByRole("row");
    await expect.poll(() => rows.count()).toBe(1);
    await page.reload();
    await page.getByRole("row", { name: wanted }).waitFor();
    expect(await rows.count()).toBe(1);
    await page.getByRole("button", { name: "Remove Status Queued" }).click();
    await page.waitForURL("**/runs?tag=tenant-1");
    await page.goBack();
    await page.waitForURL("**/runs?status=QUEUED&tag=tenant-1");
    await page.locator("summary", { hasText: "Time" }).click();
    await page.getByRole("button", { name: "Last hour" }).click();
    await page.waitForURL("**/runs?status=QUEUED&tag=tenant-1&period=1h");
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByRole("row", { name: other }).waitFor();
  });

  test("runs are found by what their documents hold", async () => {
    const wanted = await api.trigger({ tags: ["found"], metadata: { user: { name: "ann" }, step: 3 } });
    const other = await api.trigger({ tags: ["found"], metadata: { user: { name: "bob" }, step: 3 } });
    await using tab = await openTab(browser, api, "/runs?tag=found");
    const { page } = tab;
    await page.getByRole("row", { name: other }).waitFor();
    await page.locator("summary", { hasText: "More filters" }).click();
    await page.getByRole("textbox", { name: "Key" }).fill("user.name");
    await page.getByRole("textbox", { name: "Value" }).fill("ann");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.waitForURL("**/runs?tag=found&metadata.user.name=ann");
    await page.getByRole("row", { name: other }).waitFor({ state: "detached" });
    await page.getByRole("row", { name: wanted }).waitFor();
    expect(await page.locator(".table-body").getByRole("row").count()).toBe(1);
  });

  test("arrow keys move between runs, Enter opens one, and a run id in the search opens it", async () => {
    const older = await api.trigger({ tags: ["keys"] });
    const newer = await api.trigger({ tags: ["keys"] });
    await using tab = await openTab(browser, api, "/runs?tag=keys");
    const { page } = tab;
    await page.getByRole("link", { name: newer }).focus();
    await page.keyboard.press("ArrowDown");
    const focused = () => page.evaluate("document.activeElement?.textContent");
    await expect.poll(focused).toContain(older);
    await page.keyboard.press("Home");
    await expect.poll(focused).toContain(newer);
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/runs/${newer}`);
    await page.goBack();
    await page.keyboard.press("/");
    await page.keyboard.type(older);
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/runs/${older}`);
  });

  test("W1 markup in a task, a tag, a key and a value is text, and no policy is broken", async () => {
    const hostile = `<img src=x onerror="document.title='owned'">`;
    const id = await api.trigger({
      tags: [hostile, "hostile"],
      metadata: { [hostile]: `</script><script>alert(1)</script>`, rtl: "\u202eabc" },
    });
    await using tab = await openTab(browser, api, "/runs?tag=hostile");
    const row = tab.page.getByRole("row", { name: id });
    await row.waitFor();
    expect(await row.textContent()).toContain(hostile);
    expect(await row.textContent()).toContain("</script>");
    expect(await row.locator("img, script").count()).toBe(0);
    expect(await tab.page.title()).toBe("Runs · runmeta");
    expect(tab.complaints).toEqual([]);
  });

  test("a server that is gone is told with the time of the picture, and one that is back is live again", async () => {
    await using directory = await temporaryDirectory();
    const start = (port: number) =>
      startTestServer({ dashboard: true, storage: pgliteStorage({ directory: directory.path }) }).then(
        async (server) => {
          await server.server.listen({ port });
          return server;
        },
      );
    const first = await start(0);
    const id = await first.trigger();
    await using tab = await openTab(browser, first, "/runs");
    const { page } = tab;
    await page.getByRole("row", { name: id }).waitFor();
    const port = Number(new URL(first.server.url).port);
    await first.server.close();
    await page.getByText("Reconnecting", { exact: true }).waitFor();
    await page.getByText(/What you see is of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d/).waitFor();
    expect(await page.getByRole("row", { name: id }).isVisible()).toBe(true);
    await using second = await start(port);
    await page.getByText("Live", { exact: true }).waitFor();
    expect(await page.getByText("What you see is of").count()).toBe(0);
    const later = await second.trigger();
    await page.getByRole("row", { name: later }).waitFor();
  });
});
