import { describe, expect, it } from "vitest";
import { packedProject } from "./packed-project.ts";

describe("what importing the runtime costs", { timeout: 90_000 }, () => {
  it("neither import nor a run's metadata needs zod or superjson", async () => {
    // They are not there, so any import of them would fail.
    await using project = await packedProject({ without: ["zod", "superjson"] });
    const { code, stdout, stderr } = await project.runFixture("import.mjs");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ document: { by: "import", n: 2 } });
  });

  it("the CommonJS build has p-debounce and superjson inside, and loads superjson only for a payload", async () => {
    await using project = await packedProject({ without: ["zod", "superjson", "p-debounce"] });
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
