import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PackedProject, packedProject } from "./packed-project.ts";
import { packageFolder } from "./packed-tarballs.ts";
import { type Finished, runProcess } from "./run-process.ts";

/** The first code blocks of docs/testing.md: the job, and its test for each of three runners. */
let blocks: readonly string[];
let project: PackedProject;

beforeAll(async () => {
  const guide = await readFile(resolve(import.meta.dirname, "../../../../docs/testing.md"), "utf8");
  blocks = [...guide.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code ?? "");
  project = await packedProject({ install: ["runtime", "testing"] });
  for (const runner of ["vitest", "jest", "@jest/globals"])
    await project.link(runner, packageFolder("testing"));
}, 120_000);

afterAll(() => project?.[Symbol.asyncDispose]());

/** The guide's first test in a folder of its own, with the tarballs installed above it. */
async function firstTest(
  name: string,
  files: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const folder = join(project.directory, name);
  await mkdir(folder);
  await writeFile(join(folder, "package.json"), "{}");
  for (const [file, code = ""] of Object.entries(files)) await writeFile(join(folder, file), code);
  return runProcess(process.execPath, args, { cwd: folder, env });
}

/** The same module as CommonJS. */
function commonJs(code = ""): string {
  return code
    .replaceAll(/^import (\w+) from ("[^"]+");$/gm, "const $1 = require($2);")
    .replaceAll(/^import (\{[^}]+\}) from ("[^"]+");$/gm, "const $1 = require($2);")
    .replaceAll(/^export const (\w+) =/gm, "const $1 = exports.$1 =")
    .replaceAll(".mjs", ".cjs");
}

const modules = () => resolve(project.directory, "node_modules");
const passed = { code: 0, all: expect.stringMatching(/1 passed|# pass 1/) };
const outcome = ({ code, stdout, stderr }: Finished) => ({ code, all: stdout + stderr });

describe("the guide's first test passes from the packed tarballs", { timeout: 90_000 }, () => {
  it("with vitest", async () => {
    const [job, test] = blocks;
    const files = { "import-rows.mjs": job, "import-rows.test.mjs": test };
    const args = [join(modules(), "vitest/vitest.mjs"), "run"];
    expect(outcome(await firstTest("vitest", files, args))).toEqual(passed);
  });

  it("with vitest, the job a CommonJS module", async () => {
    const [job, test] = blocks;
    const files = {
      "import-rows.cjs": commonJs(job),
      "import-rows.test.mjs": test?.replace("./import-rows.mjs", "./import-rows.cjs"),
    };
    const args = [join(modules(), "vitest/vitest.mjs"), "run"];
    expect(outcome(await firstTest("vitest-cjs", files, args))).toEqual(passed);
  });

  it("with node --test", async () => {
    const [job, , test] = blocks;
    const files = { "import-rows.mjs": job, "import-rows.test.mjs": test };
    const args = ["--test", "--test-reporter=tap"];
    expect(outcome(await firstTest("node", files, args))).toEqual(passed);
  });

  it("with node --test, as CommonJS", async () => {
    const [job, , test] = blocks;
    const files = { "import-rows.cjs": commonJs(job), "import-rows.test.cjs": commonJs(test) };
    const args = ["--test", "--test-reporter=tap"];
    expect(outcome(await firstTest("node-cjs", files, args))).toEqual(passed);
  });

  it("with jest", async () => {
    const [job, , , test] = blocks;
    const files = { "import-rows.mjs": job, "import-rows.test.mjs": test };
    const args = [join(modules(), "jest/bin/jest.js"), "--rootDir=.", "--testMatch=**/*.test.mjs"];
    const env = { NODE_OPTIONS: "--experimental-vm-modules" };
    expect(outcome(await firstTest("jest", files, args, env))).toEqual(passed);
  });

  it("with jest, as CommonJS", async () => {
    const [job, , , test] = blocks;
    const files = { "import-rows.cjs": commonJs(job), "import-rows.test.cjs": commonJs(test) };
    const args = [join(modules(), "jest/bin/jest.js"), "--rootDir=.", "--testMatch=**/*.test.cjs"];
    expect(outcome(await firstTest("jest-cjs", files, args))).toEqual(passed);
  });
});

describe('backend: "server" where @runmeta/server is not installed', { timeout: 90_000 }, () => {
  const script = `
import { task } from "@runmeta/runtime";
import { runTask } from "@runmeta/testing";
const job = task({ id: "job", run: () => {} });
runTask(job, undefined, { backend: "server" }).catch((error) => console.log(error.message));
`;

  it.each([
    ["mjs", script],
    ["cjs", commonJs(script)],
  ])("says what to install (%s)", async (extension, code) => {
    const file = `job.${extension}`;
    const { stdout } = await firstTest(`no-server-${extension}`, { [file]: code }, [file]);
    expect(stdout).toBe(
      'backend: "server" needs the package @runmeta/server: npm install --save-dev @runmeta/server\n',
    );
  });
});
