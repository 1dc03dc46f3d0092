import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const example = resolve(import.meta.dirname, "..");
const tsx = join(createRequire(import.meta.url).resolve("tsx/package.json"), "../dist/cli.mjs");

it("the README's first code runs as it stands, twice, and prints what it says", async () => {
  const readme = await readFile(resolve(example, "../../README.md"), "utf8");
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const promised = /\/\/ (\{ sent: .*\})/.exec(code)?.[1];
  expect(promised).toBeDefined();
  const folder = await mkdtemp(join(tmpdir(), "runmeta-readme-"));
  try {
    // The port alone is another one: the usual may be taken on this machine.
    expect(code).toContain("port: 3030");
    await writeFile(join(folder, "main.ts"), code.replace("port: 3030", "port: 0"));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await symlink(join(example, "node_modules"), join(folder, "node_modules"));
    const { NODE_OPTIONS: _, ...env } = process.env;
    for (let time = 1; time <= 2; time += 1) {
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        [tsx, "--conditions=@runmeta/source", "main.ts"],
        { cwd: folder, env, timeout: 60_000 },
      );
      expect({ stdout, stderr }).toEqual({ stdout: `${promised}\n`, stderr: "" });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 130_000);
