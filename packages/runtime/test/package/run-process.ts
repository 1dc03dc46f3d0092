import { execFile } from "node:child_process";

/** How a child process ended. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What {@link runProcess} may be told. */
export interface ProcessOptions {
  readonly cwd?: string;
  /** Added to this process's environment, without what vitest puts there. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end, at most 60 s; a failure is a value. */
export function runProcess(
  program: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<Finished> {
  const { NODE_OPTIONS: _, NODE_ENV: __, ...inherited } = process.env;
  const settings = { cwd: options.cwd, env: { ...inherited, ...options.env }, timeout: 60_000 };
  return new Promise((resolve, reject) => {
    execFile(program, [...args], settings, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === "number") resolve({ code: error.code, stdout, stderr });
      else if (error.killed === true || error.signal) resolve({ code: null, stdout, stderr });
      else reject(error);
    });
  });
}
