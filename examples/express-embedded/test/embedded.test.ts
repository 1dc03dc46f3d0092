import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const folder = resolve(import.meta.dirname, "..");
const tsx = join(createRequire(import.meta.url).resolve("tsx/package.json"), "../dist/cli.mjs");

it("examples/express-embedded prints a report's progress as its own API tells it, and ends", async () => {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [tsx, "--conditions=@runmeta/source", "src/main.ts"],
    { cwd: folder, env, timeout: 60_000 },
  );
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^EXECUTING \d+ %/m);
  expect(stdout).toMatch(/^COMPLETED 100 % \{ file: 'report.pdf' \}/m);
}, 70_000);
