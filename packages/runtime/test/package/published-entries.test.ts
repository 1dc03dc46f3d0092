import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newerNodes } from "./newer-nodes.ts";
import { type PackedProject, packedProject } from "./packed-project.ts";

let project: PackedProject;

beforeAll(async () => {
  project = await packedProject({
    install: ["runtime", "server", "testing"],
    aliases: ["@trigger.dev/sdk"],
  });
}, 120_000);

afterAll(() => project?.[Symbol.asyncDispose]());

/** What a fixture printed; fails with its errors when it failed. */
async function printed(file: string, node?: string): Promise<unknown> {
  const finished = await project.runFixture(file, node === undefined ? {} : { node });
  expect(finished).toMatchObject({ code: 0, stderr: "" });
  return JSON.parse(finished.stdout);
}

const bothCopies = {
  twoCopies: true,
  inEsmRun: { from: "cjs", seen: ["run_esm"] },
  inCjsRun: { document: { from: "esm" }, run: "run_cjs" },
  error: { recognised: true, instance: false, code: "RUNMETA_METADATA_VALUE", path: "$.f.on" },
};

const wholeWay = {
  status: "COMPLETED",
  metadata: { startedAt: "1970-01-01T00:00:00.000Z", n: 3 },
};

describe("the packages as users get them", { timeout: 90_000 }, () => {
  it("import, and @runmeta/runtime/v3 is the same module", async () => {
    expect(await printed("import.mjs")).toEqual({
      document: { by: "import", n: 2, v3: true },
      outside: null,
      same: true,
    });
  });

  it("require, and @runmeta/runtime/v3 is the same module", async () => {
    expect(await printed("require.cjs")).toEqual({ document: { by: "require" }, same: true });
  });

  it("C3 the imported and the required copy share runs, and errors are told by their code", async () => {
    expect(await printed("both-copies.mjs")).toMatchObject(bothCopies);
  });

  it("@trigger.dev/sdk and @trigger.dev/sdk/v3 work as aliases, imported and required", async () => {
    expect(await printed("alias.mjs")).toEqual({
      document: { progress: 1 },
      project: "proj_1234",
      id: "my-task",
      kinds: ["function", "function", "function"],
    });
    expect(await printed("alias.cjs")).toEqual({ document: { progress: 1 }, id: "my-task" });
  });

  it.each(["whole-way.mjs", "whole-way.cjs"])(
    "%s: a run reaches the server and is read back",
    async (file) => {
      expect(await printed(file)).toEqual(wholeWay);
    },
  );

  it("@runmeta/testing stands in for an endpoint", async () => {
    expect(await printed("testing.mjs")).toEqual({ document: { n: 1 }, puts: 2 });
  });

  it.each(newerNodes())("the same on Node %s", async (_major, node) => {
    expect(await printed("import.mjs", node)).toMatchObject({ same: true });
    expect(await printed("require.cjs", node)).toMatchObject({ document: { by: "require" } });
    expect(await printed("both-copies.mjs", node)).toMatchObject(bothCopies);
    expect(await printed("whole-way.mjs", node)).toEqual(wholeWay);
    expect(await printed("whole-way.cjs", node)).toEqual(wholeWay);
  });
});
