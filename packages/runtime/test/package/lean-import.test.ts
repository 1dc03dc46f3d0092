import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packedProject } from "./packed-project.ts";
import { staticImports } from "./static-imports.ts";

describe("what importing the runtime costs", { timeout: 90_000 }, () => {
  it("neither import nor a run's metadata needs zod or superjson", async () => {
    // They are not there, so any import of them would fail.
    await using project = await packedProject({ without: ["zod", "superjson"] });
    const { code, stdout, stderr } = await project.runFixture("import.mjs");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ document: { by: "import", n: 2 } });
  });

  it("reads four files of the package, and nothing of another one", async () => {
    await using project = await packedProject();
    const dist = join(project.directory, "node_modules/@runmeta/runtime/dist");
    const { files, packages } = await staticImports(join(dist, "index.mjs"));
    expect(files.size).toBeLessThanOrEqual(4);
    expect([...packages]).toEqual(["node:async_hooks"]);
    // One character beyond these, and V8 keeps two bytes for each character of the file.
    for (const text of files.values()) expect(text).not.toMatch(/[\u0100-\uffff]/);
  });

  it("makes Node load nothing but its async context: neither cryptography nor fetch", async () => {
    await using project = await packedProject();
    const { code, stdout, stderr } = await project.runFixture("builtins.mjs");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const loaded = JSON.parse(stdout) as readonly string[];
    expect(loaded.filter((name) => !/async_(local_storage|hooks)/.test(name))).toEqual([]);
  });

  it("the CommonJS build has p-debounce and superjson inside, and loads superjson only for a payload", async () => {
    await using project = await packedProject({ without: ["zod", "superjson"] });
    const { code, stdout, stderr } = await project.runFixture("lean.cjs");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      document: { n: 2 },
      before: 0,
      after: 1,
      type: "application/super+json",
      json: { at: "1970-01-01T00:00:00.000Z" },
      meta: expect.objectContaining({ values: { at: ["Date"] } }),
    });
  });
});
