import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const NODE_MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** `runmeta` as a process of its own, from the sources. */
export class CliProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly exited: Promise<number | NodeJS.Signals>;
  stdout = "";
  stderr = "";
  readonly #watchers = new Set<() => void>();

  constructor(args: readonly string[], options: { cwd: string; env?: Record<string, string> }) {
    const { RUNMETA_SECRET_KEYS: _, ...env } = process.env;
    this.child = spawn(
      process.execPath,
      ["--conditions=@runmeta/source", "--import", import.meta.resolve("tsx"), MAIN, ...args],
      { cwd: options.cwd, env: { ...env, ...options.env }, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.child.stdout
      ?.setEncoding("utf8")
      .on("data", (text: string) => this.#take(() => (this.stdout += text)));
    this.child.stderr
      ?.setEncoding("utf8")
      .on("data", (text: string) => this.#take(() => (this.stderr += text)));
    this.exited = once(this.child, "close").then(
      ([code, signal]) => (code ?? signal) as number | NodeJS.Signals,
    );
    void this.exited.then(() => this.#take(() => undefined));
  }

  /** The first match in what it printed; rejects when it ends without. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout + this.stderr);
      if (match !== null) return match;
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`runmeta ended without ${pattern}:\n${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  /** Its URL, once it serves. */
  async url(): Promise<string> {
    return (await this.printed(/listening on (http:\S+)/))[1] ?? "";
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals> {
    this.child.kill(signal);
    return await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.stop("SIGKILL");
  }

  #take(change: () => void): void {
    change();
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const wake of watchers) wake();
  }
}

/** A folder in which task files can import the packages, as in a project that has installed them. */
export async function projectFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "runmeta-cli-"));
  await symlink(NODE_MODULES, join(path, "node_modules"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** One call of the API; gives the parsed body. */
export async function callApi(url: string, key: string, method: string, path: string, body?: unknown) {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // Tests look into bodies of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: a test that misreads a body fails
  return { status: response.status, body: (await response.json()) as any };
}
