import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A child process that runs one of the scripts beside this file. */
export interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  /** The lines of its output, in order; ends when the process does. */
  readonly lines: AsyncIterableIterator<string>;
  /** Sends a signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts `script` (a file beside this one) with arguments, on the sources of the workspace. */
export function runChild(script: string, args: readonly string[]): Child {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@runmeta/source", "--import", "tsx", path, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
  });
  const ended = once(child, "exit");
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  return {
    process: child,
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    kill,
    [Symbol.asyncDispose]: () => kill("SIGKILL"),
  };
}
