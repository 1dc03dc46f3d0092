import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestServer } from "../server/test-server.ts";
import { closeDashboard, executablePath, openDashboard, openTab } from "./open-browser.ts";

let browser: Browser;
let api: TestServer;

describe.skipIf(executablePath === undefined)("edits in the dashboard", { timeout: 90_000 }, () => {
  beforeAll(async () => {
    ({ browser, api } = await openDashboard());
  });
  afterAll(() => closeDashboard({ browser, api }));

  test("a session's tags and document are written, what is too large is not sent, and it can be closed", async () => {
    const { body } = await api.call("POST", "/api/v1/sessions", {
      type: "chat",
      taskIdentifier: "assistant",
      tags: ["old"],
      metadata: { turns: 1 },
      triggerConfig: { basePayload: {} },
    });
    const session = async () => (await api.call("GET", `/api/v1/sessions/${body.id}`)).body;
    await using tab = await openTab(browser, api, `/sessions/${body.id}`);
    const { page } = tab;
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Tags, one a line").fill("new\nbeta");
    const document = page.getByLabel("Metadata");
    const save = page.getByRole("button", { name: "Save" });
    await document.fill("{");
    expect(await save.isDisabled()).toBe(true);
    await document.fill(JSON.stringify({ text: "x".repeat(33_000) }));
    await page.getByText("This is more than the server takes").waitFor();
    expect(await save.isDisabled()).toBe(true);
    await document.fill('{"turns":2}');
    await save.click();
    await page.getByRole("button", { name: "Edit" }).waitFor();
    expect(await session()).toMatchObject({ tags: ["new", "beta"], metadata: { turns: 2 } });
    await page.locator("summary", { hasText: "Close session" }).click();
    await page.getByLabel("Reason (optional)").fill("done");
    await page.getByRole("button", { name: "Close for good" }).click();
    await page.getByText("Closed", { exact: true }).first().waitFor();
    expect((await session()).closedReason).toBe("done");
    expect(tab.complaints).toEqual([]);
  });

  test("a record that somebody else changed meanwhile is not written over", async () => {
    const { body } = await api.call("POST", "/v1/records", {
      id: "50%/ä",
      type: "customer",
      name: "Ada",
      metadata: { seats: 1 },
    });
    const path = `/v1/records/${encodeURIComponent(body.id)}`;
    await using tab = await openTab(browser, api, "/records");
    const { page } = tab;
    await page.getByRole("link", { name: "Ada" }).click();
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Metadata").fill('{"seats":2}');
    await api.call("PUT", path, { metadata: { seats: 7 } });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The record was changed meanwhile").waitFor();
    expect((await api.call("GET", path)).body.metadata).toEqual({ seats: 7 });
    // The page reads the record again every two seconds; what is taken is the version it knows by then.
    await expect
      .poll(async () => {
        await page
          .getByRole("button", { name: "Take the newest version" })
          .click({ timeout: 1_000 })
          .catch(() => undefined);
        return await page.getByLabel("Metadata").inputValue();
      })
      .toContain('"seats": 7');
    await page.getByLabel("Metadata").fill('{"seats":8}');
    await page.getByLabel("Name").fill("Ada Lovelace");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
    expect((await api.call("GET", path)).body).toMatchObject({
      name: "Ada Lovelace",
      metadata: { seats: 8 },
    });
  });

  test("a record is made, an id that is taken is refused, and it is deleted as it was seen or not at all", async () => {
    const id = "acme/1";
    const path = `/v1/records/${encodeURIComponent(id)}`;
    await using tab = await openTab(browser, api, "/records");
    const { page } = tab;
    const create = async (name: string) => {
      await page.locator("summary", { hasText: "New record" }).click();
      await page.getByLabel("Type", { exact: true }).fill("customer");
      await page.getByLabel("Name", { exact: true }).fill(name);
      await page.getByLabel("Id (optional)").fill(id);
      await page.getByRole("button", { name: "Create" }).click();
    };
    await create("Acme");
    await page.getByRole("heading", { name: "Acme" }).waitFor();
    expect((await api.call("GET", path)).body).toMatchObject({
      id,
      type: "customer",
      name: "Acme",
      metadata: {},
    });
    await page.getByRole("link", { name: "← Records" }).click();
    await create("Another");
    await page.getByText("A record with this id exists already").waitFor();
    await page.getByRole("link", { name: "Acme" }).click();

    // The page does not hear of it before it deletes.
    await page.locator("summary", { hasText: "Delete" }).click();
    await page.route(`**${path}`, async (route) => {
      if (route.request().method() === "DELETE") await api.call("PUT", path, { metadata: { seats: 1 } });
      await route.continue();
    });
    await page.getByRole("button", { name: "Delete for good" }).click();
    await page.getByText("The record was changed meanwhile").waitFor();
    await page.unroute(`**${path}`);
    await page.getByText("seats").waitFor();
    await page.getByRole("button", { name: "Delete for good" }).click();
    await page.getByRole("heading", { name: "Records" }).waitFor();
    expect((await api.call("GET", path)).status).toBe(404);
    // The browser reports the two refusals.
    expect(tab.complaints.filter((text) => !text.includes("409"))).toEqual([]);
  });
});
