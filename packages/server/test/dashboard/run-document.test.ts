import { randomBytes } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StoredKeys } from "../../src/auth/stored-keys.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";
import { testStorage } from "../server/test-storage.ts";
import { closeDashboard, executablePath, openDashboard, openTab } from "./open-browser.ts";

let browser: Browser;
let api: TestServer;

describe.skipIf(executablePath === undefined)("the document on a run's page", { timeout: 90_000 }, () => {
  beforeAll(async () => {
    ({ browser, api } = await openDashboard());
  });
  afterAll(() => closeDashboard({ browser, api }));

  test("the timeline shows the document as it was, says that it is not live, and leads back", async () => {
    const id = await api.trigger({ metadata: { step: "none" } });
    const put = (operations: object[]) => api.call("PUT", `/api/v1/runs/${id}/metadata`, { operations });
    await put([{ type: "set", key: "step", value: "first" }]);
    await put([
      { type: "set", key: "step", value: "second" },
      { type: "increment", key: "count", value: 5 },
    ]);
    await put([{ type: "set", key: "step", value: "third" }]);
    await using tab = await openTab(browser, api, `/runs/${id}`);
    const { page } = tab;
    const tree = page.getByRole("tree", { name: "Metadata" });
    await tree.getByText("third").waitFor();
    const slider = page.getByRole("slider", { name: "Moment of the document" });
    await expect.poll(() => slider.getAttribute("aria-valuetext")).toMatch(/^Change 3 of 3, .*, live$/);
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    await tree.getByText("second").waitFor();
    await page.getByText("Not live").waitFor();
    await page.getByText("set step, increment count").waitFor();
    // What is written meanwhile does not move the picture.
    await put([
      { type: "set", key: "step", value: "fourth" },
      { type: "increment", key: "count", value: 5 },
    ]);
    await expect.poll(() => slider.getAttribute("max")).toBe("4");
    expect(await tree.getByText("second").isVisible()).toBe(true);
    expect(await page.getByRole("treeitem", { name: "count" }).locator(".sparkline-moment").count()).toBe(1);
    await page.keyboard.press("Home");
    await tree.getByText("none").waitFor();
    expect(await tree.getByText("count").count()).toBe(0);
    await page.getByRole("button", { name: "Back to live" }).click();
    await tree.getByText("fourth").waitFor();
    expect(await page.getByText("Not live").count()).toBe(0);
    expect(tab.complaints).toEqual([]);
  });

  test("keys walk the tree, and what is copied is what metadata.set takes", async () => {
    const id = await api.trigger({ metadata: { user: { name: "ann", tags: ["x"] }, step: 1 } });
    await using tab = await openTab(browser, api, `/runs/${id}`, {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const { page } = tab;
    const tree = page.getByRole("tree", { name: "Metadata" });
    await tree.focus();
    const active = () =>
      page.evaluate(
        "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.querySelector('.tree-name')?.textContent",
      );
    for (const [key, name] of [
      ["ArrowRight", "name"],
      ["End", "step"],
      ["u", "user"],
      ["ArrowLeft", "user"],
      ["ArrowDown", "step"],
      ["ArrowUp", "user"],
      ["Enter", "user"],
      ["ArrowDown", "name"],
      ["ArrowDown", "tags"],
      ["ArrowRight", "0"],
    ] as const) {
      await page.keyboard.press(key);
      await expect.poll(active, { message: key }).toBe(name);
    }
    const copied = () => page.evaluate("navigator.clipboard.readText()");
    await page.keyboard.press("ArrowLeft");
    await page.locator(".active-row").getByRole("button", { name: "Copy path" }).click();
    await expect.poll(copied).toBe("$.user.tags");
    await page.locator(".active-row").getByRole("button", { name: "Copy JSON" }).click();
    await expect.poll(async () => JSON.parse((await copied()) as string)).toEqual(["x"]);
  });

  test("an edit over the limit is refused while one types, and by the server when it got over it meanwhile", async () => {
    const id = await api.trigger({ metadata: { step: 1, text: "" } });
    await using tab = await openTab(browser, api, `/runs/${id}`);
    const { page } = tab;
    await page.getByRole("button", { name: "Edit" }).click();
    const area = page.getByLabel("Document as JSON");
    const save = page.getByRole("button", { name: "Save" });
    const size = page.locator(".size-meter");
    const typed = (text: string) => area.fill(JSON.stringify({ step: 1, text }));
    await expect.poll(() => size.textContent()).toBe("20 of 4,096 bytes");
    expect(await save.isDisabled()).toBe(true);
    // Two bytes each.
    await typed("é".repeat(2_038));
    await expect.poll(() => size.textContent()).toBe("4,096 of 4,096 bytes");
    expect(await size.getAttribute("data-state")).toBe("near");
    expect(await save.isEnabled()).toBe(true);
    await typed(`${"é".repeat(2_038)}x`);
    await expect.poll(() => size.textContent()).toBe("4,097 of 4,096 bytes: 1 too many");
    expect(await save.isDisabled()).toBe(true);
    await typed("x".repeat(3_000));
    await expect.poll(() => save.isEnabled()).toBe(true);
    // The job writes while the request is under way.
    await page.route("**/metadata", async (route) => {
      await api.call("PUT", `/api/v1/runs/${id}/metadata`, {
        operations: [{ type: "set", key: "log", value: "y".repeat(2_000) }],
      });
      await route.continue();
    });
    await save.click();
    await page.getByRole("alert").getByText("Metadata exceeds maximum size of 4096 bytes").waitFor();
    expect(await area.inputValue()).toContain("xxx");
    await expect.poll(() => size.getAttribute("data-state")).toBe("over");
    await page.unroute("**/metadata");
    await typed("short");
    await save.click();
    await page.getByRole("tree", { name: "Metadata" }).getByText("short").waitFor();
    expect((await api.call("GET", `/api/v1/runs/${id}/metadata`)).body.metadata).toEqual({
      step: 1,
      text: "short",
      log: "y".repeat(2_000),
    });
  });

  test("what the job writes meanwhile stays; what both changed is told, and left to the reader", async () => {
    const id = await api.trigger({ metadata: { mine: 1, both: 1 } });
    const put = (operations: object[]) => api.call("PUT", `/api/v1/runs/${id}/metadata`, { operations });
    await using tab = await openTab(browser, api, `/runs/${id}`);
    const { page } = tab;
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Document as JSON").fill('{ "mine": 2, "both": 2 }');
    await put([{ type: "set", key: "theirs", value: 9 }]);
    await page.getByText("Saving keeps what you did not touch").waitFor();
    await put([{ type: "set", key: "both", value: 7 }]);
    const note = page.locator(".conflict");
    await note.getByText("Somebody changed what you changed").waitFor();
    expect(await note.getByRole("listitem").allInnerTexts()).toEqual(["both: 7"]);
    await page.getByRole("button", { name: "Save over it" }).click();
    await page.getByRole("tree", { name: "Metadata" }).waitFor();
    expect((await api.call("GET", `/api/v1/runs/${id}/metadata`)).body.metadata).toEqual({
      mine: 2,
      both: 2,
      theirs: 9,
    });
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Document as JSON").fill("{}");
    await put([{ type: "set", key: "mine", value: 3 }]);
    await page.getByRole("button", { name: "Start over with the newest" }).click();
    await expect
      .poll(async () => JSON.parse(await page.getByLabel("Document as JSON").inputValue()))
      .toEqual({ mine: 3, both: 2, theirs: 9 });
    expect(tab.complaints).toEqual([]);
  });

  test("what somebody changed just before the save is told first, and not written over unseen", async () => {
    const id = await api.trigger({ metadata: { mine: 1, both: 1 } });
    const path = `/api/v1/runs/${id}/metadata`;
    await using tab = await openTab(browser, api, `/runs/${id}`);
    const { page } = tab;
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Document as JSON").fill('{ "mine": 2, "both": 2 }');
    // The page's reads wait until it has been written.
    let written: () => void = () => {};
    const isWritten = new Promise<void>((resolve) => (written = resolve));
    await page.route("**/api/v3/runs/*", async (route) => {
      await isWritten;
      await route.continue();
    });
    await page.getByRole("button", { name: "Save" }).click();
    await api.call("PUT", path, { operations: [{ type: "set", key: "both", value: 7 }] });
    written();
    await page.locator(".conflict").getByText("both: 7").waitFor();
    const saveOver = page.getByRole("button", { name: "Save over it" });
    await expect.poll(() => saveOver.isEnabled()).toBe(true);
    expect((await api.call("GET", path)).body.metadata).toEqual({ mine: 1, both: 7 });
    await saveOver.click();
    await page.getByRole("tree", { name: "Metadata" }).waitFor();
    expect((await api.call("GET", path)).body.metadata).toEqual({ mine: 2, both: 2 });
    expect(tab.complaints).toEqual([]);
  });

  test("a text that is no document is refused where it is wrong", async () => {
    const id = await api.trigger({ metadata: {} });
    await using tab = await openTab(browser, api, `/runs/${id}`);
    const { page } = tab;
    await page.getByRole("button", { name: "Edit" }).click();
    const area = page.getByLabel("Document as JSON");
    await area.fill('{\n  "a": 1\n  "b": 2\n}');
    await page.getByText("Comma expected").waitFor();
    expect(await page.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Line 3, column 3" }).click();
    expect(await page.evaluate("document.activeElement.selectionStart")).toBe(13);
    expect(await area.getAttribute("aria-invalid")).toBe("true");
  });

  test("A3 a key that may only look is offered nothing that would be refused", async () => {
    const storage = testStorage();
    await storage.open();
    const encryptionKey = randomBytes(32);
    const { key } = await new StoredKeys(storage, encryptionKey).create("dev", true);
    await using own = await startTestServer({
      dashboard: true,
      storage,
      encryptionKey: encryptionKey.toString("base64"),
    });
    await own.server.listen({ port: 0 });
    const id = await own.trigger({ metadata: { step: 1 } });
    await using tab = await openTab(browser, own, `/runs/${id}`, { signedIn: false });
    const { page } = tab;
    await page.getByLabel("Secret key").fill(key);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("tree", { name: "Metadata" }).getByText("step").waitFor();
    for (const name of ["Edit", "Replay", "Cancel run"])
      expect(await page.getByRole("button", { name }).count(), name).toBe(0);
    await own.call("POST", "/v1/records", { id: "ada", type: "customer", name: "Ada" });
    await page.getByRole("link", { name: "Records" }).click();
    await page.getByRole("link", { name: "Ada" }).waitFor();
    expect(await page.locator("summary", { hasText: "New record" }).count()).toBe(0);
    await page.getByRole("link", { name: "Ada" }).click();
    await page.getByRole("heading", { name: "Ada", exact: true }).waitFor();
    expect(await page.locator("summary", { hasText: "Delete" }).count()).toBe(0);
  });
});
