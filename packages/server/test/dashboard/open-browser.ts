import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { startTestServer, type TestServer } from "../server/test-server.ts";
import { buildPages } from "./built-pages.ts";

/** Where Chromium is; without it the pages are not opened, and that is said. */
export const executablePath = process.env.TEST_CHROMIUM;
if (executablePath === undefined) {
  process.stderr.write("The dashboard is not opened in a browser: TEST_CHROMIUM is not set\n");
}

/** A tab with an eye on everything that a page must not do. */
export interface Tab extends AsyncDisposable {
  readonly page: Page;
  /** What the browser complained about: errors, refused loads, breaches of the policy. */
  readonly complaints: string[];
}

/** One browser for a test file; close it at the end. */
export async function openBrowser(): Promise<Browser> {
  await buildPages();
  return await chromium.launch({
    executablePath: executablePath ?? "",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** What a test file of the dashboard needs: a browser, and a server that listens and serves the pages. */
export interface OpenDashboard {
  readonly browser: Browser;
  readonly api: TestServer;
}

/** Both for a test file; hand them to {@link closeDashboard} at its end. */
export async function openDashboard(): Promise<OpenDashboard> {
  const browser = await openBrowser();
  const api = await startTestServer({ dashboard: true });
  await api.server.listen({ port: 0 });
  return { browser, api };
}

/** Nothing may have gone wrong at the server by then. */
export async function closeDashboard({ browser, api }: OpenDashboard): Promise<void> {
  await browser.close();
  expect(api.errors).toEqual([]);
  await api.server.close();
}

/** A tab of a browser of its own, on a page of the server. `signedIn` goes through a one-time link first. */
export async function openTab(
  browser: Browser,
  { server }: TestServer,
  path: string,
  options: BrowserContextOptions & { readonly signedIn?: boolean } = {},
): Promise<Tab> {
  const { signedIn = true, ...contextOptions } = options;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...contextOptions });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() !== "info" && message.type() !== "log") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  if (signedIn) {
    await page.goto(server.dashboardLink());
    expect(new URL(page.url()).pathname).toMatch(/^\/(runs)?$/);
  }
  await page.goto(`${server.url}${path}`);
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}
