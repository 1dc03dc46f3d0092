import { configure, metadata, type Warning, withRunResult } from "@runmeta/runtime";
import { expect, it } from "vitest";
import { createServer } from "../../src/create-server.ts";
import { pgliteStorage } from "../../src/storage/pglite-storage.ts";

it("F6 I10 a wrong key does not keep a job from running; it is reported, and nothing is dropped meanwhile", async () => {
  const server = await createServer({ storage: pgliteStorage({}) });
  configure({
    baseURL: "http://localhost",
    accessToken: "tr_dev_wrong",
    fetch: (request) => server.fetch(request),
  });
  const warnings: Warning[] = [];
  const result = await withRunResult({ onWarning: (warning) => warnings.push(warning) }, () => {
    metadata.set("a", 1);
    return "done";
  });
  await server.close();
  expect(result).toMatchObject({ ok: true, value: "done", flushed: false, pending: 1 });
  expect(result.stats.dropped).toBe(0);
  const unauthorized = warnings.filter((warning) => warning.code === "UNAUTHORIZED");
  expect(unauthorized).toHaveLength(1);
  expect(JSON.stringify(warnings)).not.toContain("tr_dev_wrong");
});
