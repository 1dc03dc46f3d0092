import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PackedProject, packedProject } from "./packed-project.ts";
import { runProcess } from "./run-process.ts";

/** As a user of the official SDK has it; the name is an alias of @runmeta/runtime here. */
const taskFile = `
import { metadata, task } from "@trigger.dev/sdk/v3";

export const greet = task({
  id: "greet",
  onStart: async () => {
    metadata.append("order", "task");
  },
  run: async (payload: { name: string }) => {
    const user = metadata.get("user");
    await metadata.set("greeted", payload.name);
    metadata.append("order", "run");
    return { message: \`Hello \${payload.name}, from \${user.name}\` };
  },
});
`;

const configFile = `
import { defineConfig, metadata } from "@trigger.dev/sdk/v3";

export default defineConfig({
  project: "proj_1234",
  dirs: ["./trigger"],
  onStart: async () => {
    metadata.append("order", "config");
  },
});
`;

let project: PackedProject;
let cli: string;

beforeAll(async () => {
  project = await packedProject({ install: ["runtime", "server"], aliases: ["@trigger.dev/sdk"] });
  cli = join(project.directory, "node_modules/@runmeta/server/dist/cli/main.mjs");
  await mkdir(join(project.directory, "trigger"));
  await writeFile(join(project.directory, "trigger/greet.ts"), taskFile);
  await writeFile(join(project.directory, "trigger.config.ts"), configFile);
}, 120_000);

afterAll(() => project?.[Symbol.asyncDispose]());

/** Resolves with what a pattern's group holds in the lines that a program prints. */
async function linesUntil(child: ChildProcess, patterns: readonly RegExp[]): Promise<string[]> {
  const found = new Map<RegExp, string>();
  for await (const line of createInterface({ input: child.stdout! })) {
    for (const pattern of patterns) {
      const value = pattern.exec(line)?.[1];
      if (value !== undefined) found.set(pattern, value);
    }
    if (found.size === patterns.length) return patterns.map((pattern) => found.get(pattern)!);
  }
  throw new Error(`ended without a line for each of ${patterns.join(" ")}`);
}

describe("the CLI of the installed package", { timeout: 90_000 }, () => {
  it("says its version", async () => {
    const { code, stdout } = await runProcess(process.execPath, [cli, "--version"]);
    expect({ code, version: stdout.trim() }).toEqual({
      code: 0,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
  });

  it("runmeta dev executes task files and a config that import @trigger.dev/sdk/v3", async () => {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const dev = spawn(process.execPath, [cli, "dev", "--port", "0", "--data", "data"], {
      cwd: project.directory,
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(dev, "exit");
    try {
      const [url, key] = await linesUntil(dev, [
        /TRIGGER_API_URL=(\S+)/,
        /TRIGGER_SECRET_KEY=(\S+)/,
        /^1 task: (greet)$/,
      ]);
      const backend = await runProcess(process.execPath, ["alias-backend.mjs"], {
        cwd: project.directory,
        env: { TRIGGER_API_URL: url!, TRIGGER_SECRET_KEY: key! },
      });
      expect(backend).toMatchObject({ code: 0, stderr: "" });
      expect(JSON.parse(backend.stdout)).toEqual({
        status: "COMPLETED",
        output: { message: "Hello Ada, from Eric" },
        metadata: { user: { name: "Eric" }, greeted: "Ada", order: ["config", "task", "run"] },
      });
    } finally {
      dev.kill("SIGTERM");
    }
    expect(await ended).toEqual([0, null]);
  });
});
