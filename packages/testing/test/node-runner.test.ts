import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { behaviours } from "./behaviour/all.ts";

test("the package and its behaviours work under node --test, on the sources", async () => {
  const files = ["run-task.mts", "behaviours.mts"].map((name) =>
    fileURLToPath(new URL(`./node-runner/${name}`, import.meta.url)),
  );
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions", "@runmeta/source", "--import", "tsx", "--test", "--test-reporter", "tap", ...files],
    { env },
  );
  const passed = /^# pass (\d+)$/m.exec(stdout)?.[1];
  expect(Number(passed)).toBe(3 + behaviours.length + 1);
  expect(stdout).toContain("# fail 0");
}, 180_000);
