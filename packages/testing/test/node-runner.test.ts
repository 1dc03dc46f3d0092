import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("the package works under node --test, on the sources", async () => {
  const file = fileURLToPath(new URL("./node-runner/run-task.mts", import.meta.url));
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions", "@runmeta/source", "--import", "tsx", "--test", "--test-reporter", "tap", file],
    { env },
  );
  expect(stdout).toContain("# pass 3");
  expect(stdout).toContain("# fail 0");
});
