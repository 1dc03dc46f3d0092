import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const folder = resolve(import.meta.dirname, "..");

it("examples/minimal prints the run's status and the metadata that the server has, and ends", async () => {
  const tsx = join(createRequire(import.meta.url).resolve("tsx/package.json"), "../dist/cli.mjs");
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [tsx, "--conditions=@runmeta/source", "src/main.ts"],
    { cwd: folder, env, timeout: 60_000 },
  );
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^COMPLETED \{/);
  expect(stdout).toMatch(/startedAt: '\d{4}-\d\d-\d\dT[\d:.]+Z'/);
  expect(stdout).toContain("done: 3, total: 3, percent: 100");
  expect(stdout).toContain("sending: 'edsger@example.com'");
  expect(stdout).toMatch(/\bsent: 3\b/);
}, 70_000);
