import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pgliteStorage, type RunmetaServer } from "@runmeta/server";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { vi } from "vitest";
import { type PageServer, servePage } from "../src/serve-page.ts";
import { startApi } from "../src/start-api.ts";

const KEY = "tr_dev_telegraph-office";

/** The example's own server and page, and a browser. */
export class Office {
  readonly #directory: string;
  readonly #browser: Browser;
  readonly #page: PageServer;
  #api: RunmetaServer;

  private constructor(parts: { directory: string; browser: Browser; page: PageServer; api: RunmetaServer }) {
    this.#directory = parts.directory;
    this.#browser = parts.browser;
    this.#page = parts.page;
    this.#api = parts.api;
  }

  static async open(executablePath: string): Promise<Office> {
    const directory = await mkdtemp(join(tmpdir(), "runmeta-react-"));
    const api = await startApi({ storage: storageIn(directory), port: 0, secretKeys: [KEY] });
    // React as users get it, and not as the runner's NODE_ENV would have it.
    vi.stubEnv("NODE_ENV", "production");
    const page = await servePage(api.url, 0);
    vi.unstubAllEnvs();
    const browser = await chromium.launch({
      executablePath,
      env: { ...process.env, HOME: directory },
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    return new Office({ directory, browser, page, api });
  }

  get apiUrl(): string {
    return this.#api.url;
  }

  /** The server goes away, as it does when it is deployed. */
  async stopApi(): Promise<void> {
    await this.#api.close();
  }

  /** It comes back, where it was and with what it had. */
  async startApi(): Promise<void> {
    const port = Number(new URL(this.#api.url).port);
    this.#api = await startApi({ storage: storageIn(this.#directory), port, secretKeys: [KEY] });
  }

  /** The page in a browser of its own; `tokens` is what its server answers instead of its own ones. */
  async visit(tokens?: object, viewport = { width: 900, height: 1000 }): Promise<Visit> {
    const context = await this.#browser.newContext({ viewport });
    // Shorter than a test's, so that what was waited for is named.
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    const visit = new Visit(page);
    if (tokens !== undefined) await page.route("**/tokens", (route) => route.fulfill({ json: tokens }));
    await page.goto(this.#page.url);
    return visit;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#page[Symbol.asyncDispose]();
    await this.#api.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function storageIn(directory: string) {
  return pgliteStorage({ directory: join(directory, "runmeta") });
}

/** Somebody who has the page open. */
export class Visit implements AsyncDisposable {
  readonly page: Page;
  /** What the browser complained of: refused requests, violated policies, uncaught errors. */
  readonly complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
  }

  /** Types a telegram and sends it. */
  async send(text: string): Promise<void> {
    await this.page.getByLabel("Your message").fill(text);
    await this.page.getByRole("button", { name: "Send telegram" }).click();
  }

  /** What is shown of the one telegram. */
  get telegram(): Locator {
    return this.page.getByRole("region", { name: "Telegram", exact: true });
  }

  /** The list, newest first. */
  get recent(): Locator {
    return this.page.getByRole("region", { name: "Recent telegrams" }).getByRole("listitem");
  }

  /** Words and codes on the tape, once there are `count`. */
  async tape(count: number): Promise<string[]> {
    const parts = this.telegram.getByRole("list", { name: "Morse code" }).getByRole("listitem");
    await parts.nth(count - 1).waitFor();
    return (await parts.allInnerTexts()).map((text) => text.replace(/\s*\n\s*/, " = "));
  }

  /** Every different text that a piece of the telegram has shown from now on. */
  async watch(selector: string): Promise<() => Promise<string[]>> {
    await this.page.evaluate((selector) => {
      const seen: string[] = [];
      Object.assign(globalThis, { seen });
      new MutationObserver(() => {
        const shown = document.querySelector<HTMLElement>(selector)?.textContent;
        if (shown != null && shown !== seen.at(-1)) seen.push(shown);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    }, selector);
    return () => this.page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
