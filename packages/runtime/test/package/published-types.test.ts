import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PackedProject, packedProject, readManifest } from "./packed-project.ts";
import { packageFolder } from "./packed-tarballs.ts";
import { runProcess } from "./run-process.ts";

const root = resolve(import.meta.dirname, "../../../..");
const snippets = resolve(import.meta.dirname, "../guide/snippets.ts");

let project: PackedProject;

beforeAll(async () => {
  project = await packedProject({
    install: ["runtime", "server", "testing"],
    aliases: ["@trigger.dev/sdk"],
  });
  await project.link("@types/node", root);
  await project.link("typescript", root);
  // Who imports @runmeta/testing/vitest has it.
  await project.link("vitest", packageFolder("testing"));
}, 120_000);

afterAll(() => project?.[Symbol.asyncDispose]());

/** The guide's code, imported under a name of the package. */
async function writeSnippets(file: string, name: string): Promise<void> {
  const code = await readFile(snippets, "utf8");
  await writeFile(join(project.directory, file), code.replace('"@runmeta/runtime"', JSON.stringify(name)));
}

/** A module that takes in every entry of every package; CommonJS ones without vitest's, which cannot be required itself. */
async function writeEntries(file: string): Promise<void> {
  const lines: string[] = [];
  for (const name of ["runtime", "server", "testing"]) {
    const manifest = await readManifest(join(project.directory, "node_modules/@runmeta", name));
    const leftOut = ["./package.json", ...(file.endsWith(".cts") ? ["./vitest"] : [])];
    for (const entry of Object.keys(manifest.exports as object).filter((key) => !leftOut.includes(key)))
      lines.push(`export * as m${lines.length} from "@runmeta/${join(name, entry)}";`);
  }
  expect(lines.length).toBeGreaterThanOrEqual(7);
  await writeFile(join(project.directory, file), lines.join("\n"));
}

/** What the compiler says about files; nothing when it is content. The packages' own declarations are checked too. */
async function compile(
  files: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<string> {
  const config = join(project.directory, "tsconfig.json");
  const compilerOptions = {
    target: "ES2023",
    lib: ["ES2023"],
    types: ["node"],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    ...options,
  };
  await writeFile(config, JSON.stringify({ compilerOptions, files }));
  const tsc = join(project.directory, "node_modules/typescript/bin/tsc");
  return (await runProcess(process.execPath, [tsc, "-p", config], { cwd: project.directory })).stdout;
}

describe("the packages' types as users get them", { timeout: 120_000 }, () => {
  it("node16: the guide's code under strict, and every entry, imported and required", async () => {
    await writeSnippets("snippets.mts", "@runmeta/runtime");
    await writeSnippets("snippets.cts", "@trigger.dev/sdk/v3");
    await writeEntries("entries.mts");
    await writeEntries("entries.cts");
    const files = ["snippets.mts", "snippets.cts", "entries.mts", "entries.cts"];
    expect(await compile(files, { module: "Node16", moduleResolution: "Node16" })).toBe("");
  });

  it("bundler: the guide's code under strict, and every entry", async () => {
    await writeSnippets("snippets.ts", "@trigger.dev/sdk");
    await writeEntries("entries.ts");
    const options = { module: "ESNext", moduleResolution: "Bundler" };
    expect(await compile(["snippets.ts", "entries.ts"], options)).toBe("");
  });

  it("the guide's code compiles where the browser's types are", async () => {
    await writeSnippets("browser.ts", "@runmeta/runtime/v3");
    const options = {
      module: "ESNext",
      moduleResolution: "Bundler",
      lib: ["ES2023", "DOM", "DOM.AsyncIterable"],
    };
    expect(await compile(["browser.ts"], options)).toBe("");
  });

  it("no published entry leads to sources, and everything that one names is in the tarball", async () => {
    for (const name of ["runtime", "server", "testing"]) {
      const folder = join(project.directory, "node_modules/@runmeta", name);
      const { exports, dependencies = {} } = await readManifest(folder);
      const text = JSON.stringify(exports);
      expect(text).not.toContain("@runmeta/source");
      expect(text).not.toContain("./src/");
      expect(JSON.stringify(dependencies)).not.toContain("workspace:");
      for (const [path] of text.matchAll(/(?<=")\.\/dist\/[^"]+/g))
        await expect(readFile(join(folder, path)), `${name} ${path}`).resolves.toBeDefined();
    }
  });
});
