import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A TypeScript file as a process of its own, on the packages' sources. */
export class ChildProcessUnderTest implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly exited: Promise<number | NodeJS.Signals>;
  stdout = "";
  stderr = "";
  readonly #watchers = new Set<() => void>();

  constructor(
    file: URL,
    args: readonly string[],
    options: { cwd?: string; env?: Record<string, string> } = {},
  ) {
    const { RUNMETA_SECRET_KEYS: _, ...env } = process.env;
    this.child = spawn(
      process.execPath,
      ["--conditions=@runmeta/source", "--import", import.meta.resolve("tsx"), fileURLToPath(file), ...args],
      { ...options, env: { ...env, ...options.env }, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#wake();
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#wake();
    });
    this.exited = once(this.child, "close").then(([code, signal]) => code ?? signal);
    void this.exited.then(() => this.#wake());
  }

  /** The first match in what it printed; rejects when it ends without. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout + this.stderr);
      if (match !== null) return match;
      if (this.#isOver()) throw new Error(`It ended without ${pattern}:\n${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals> {
    this.child.kill(signal);
    return await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver()) await this.stop("SIGKILL");
  }

  #isOver(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  #wake(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const wake of watchers) wake();
  }
}
