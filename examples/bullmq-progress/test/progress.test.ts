import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const folder = resolve(import.meta.dirname, "..");
const tsx = join(createRequire(import.meta.url).resolve("tsx/package.json"), "../dist/cli.mjs");
const { TEST_REDIS_URL } = process.env;
if (TEST_REDIS_URL === undefined)
  process.stderr.write("bullmq-progress is not tested: TEST_REDIS_URL is not set\n");

it.skipIf(TEST_REDIS_URL === undefined)(
  "examples/bullmq-progress prints BullMQ's progress and the run, which is tried twice, and ends",
  async () => {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [tsx, "--conditions=@runmeta/source", "src/main.ts"],
      { cwd: folder, env: { ...env, REDIS_URL: TEST_REDIS_URL }, timeout: 60_000 },
    );
    expect(stderr).toBe("");
    expect(stdout).toContain("progress event: 33.33 %");
    expect(stdout).toContain("progress event: 100 %");
    expect(stdout).toContain("COMPLETED in attempt 2 { resized: 3 } {");
    expect(stdout).toContain("attempts: 2,");
    expect(stdout).toContain("done: 3, total: 3, percent: 100");
  },
  70_000,
);
