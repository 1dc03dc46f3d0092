import { type ChildProcess, fork } from "node:child_process";
import { asDevChildMessage, type DevChildMessage, GO } from "./dev-messages.ts";
import type { DevOptions } from "./dev-options.ts";

/** The last resort for a child that does not end: its runs go on as interrupted ones. */
const KILL_AFTER_MS = 20_000;

type Loaded = Extract<DevChildMessage, { type: "loaded" }>;
type Listening = Extract<DevChildMessage, { type: "listening" }>;

/** One child process of `runmeta dev`, from the parent's side. */
export class DevProcess {
  /** Resolves when its files are loaded; with undefined when it ended instead, and has said why. */
  readonly loaded: Promise<Loaded | undefined>;
  /** Resolves with its addresses when it serves; with undefined when it ended instead, and has said why. */
  readonly listening: Promise<Listening | undefined>;
  /** Resolves when it has ended; true when that was asked for. */
  readonly ended: Promise<boolean>;
  readonly #child: ChildProcess;
  #stopAsked = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once("error", () => resolve(this.#stopAsked));
      child.once("exit", () => resolve(this.#stopAsked));
    });
    this.loaded = this.#first((message) => (message.type === "loaded" ? message : undefined));
    this.listening = this.#first((message) => (message.type === "listening" ? message : undefined));
  }

  /** Starts one; it loads its files at once and waits for {@link go}. */
  static start(options: DevOptions): DevProcess {
    const main = process.argv[1] ?? "";
    const { tasks, port, data, concurrency, maxMetadataSize } = options;
    const args = ["dev-child", "--port", String(port), "--data", data];
    if (concurrency !== undefined) args.push("--concurrency", String(concurrency));
    if (maxMetadataSize !== undefined) args.push("--max-metadata-size", String(maxMetadataSize));
    return new DevProcess(
      fork(main, [...args, "--", ...tasks], { stdio: ["ignore", "inherit", "inherit", "ipc"] }),
    );
  }

  /** Has it open the database and serve. */
  go(): void {
    if (this.#child.connected) this.#child.send(GO, () => undefined);
  }

  /** Has it drain and end; resolves when it has. */
  async stop(): Promise<void> {
    this.#stopAsked = true;
    this.#child.kill("SIGTERM");
    const last = setTimeout(() => this.#child.kill("SIGKILL"), KILL_AFTER_MS);
    await this.ended;
    clearTimeout(last);
  }

  #first<T>(pick: (message: DevChildMessage) => T | undefined): Promise<T | undefined> {
    return new Promise((resolve) => {
      this.#child.on("message", (raw) => {
        const message = asDevChildMessage(raw);
        const picked = message === undefined ? undefined : pick(message);
        if (picked !== undefined) resolve(picked);
      });
      void this.ended.then(() => resolve(undefined));
    });
  }
}
