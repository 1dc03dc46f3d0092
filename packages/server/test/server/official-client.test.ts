import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { DEV_KEY, startTestServer } from "./test-server.ts";

const calls = fileURLToPath(new URL("official-client-calls.mjs", import.meta.url));

test("the official client accepts our replies, pages, batches and refusals", async () => {
  await using api = await startTestServer();
  await api.server.listen({ port: 0 });
  const { stdout } = await promisify(execFile)(process.execPath, [calls, api.server.url, DEV_KEY], {
    // The runner's own options would change how the client's modules are found.
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const seen = JSON.parse(stdout);
  expect(seen).toMatchObject({
    tokenParts: 3,
    run: { status: "QUEUED", metadata: { n: 1 }, payload: { at: "2026-01-01T00:00:00.000Z" } },
    createdAtIsDate: true,
    updated: { metadata: { n: 5 } },
    read: { metadata: { n: 5 } },
    tagged: { message: "Successfully set 1 new tags." },
    cancelled: true,
    after: { status: "CANCELED", isCancelled: true, tags: ["a", "b"] },
    sent: { itemsAccepted: 3, sealed: true },
    retrieved: { status: "PROCESSING", runCount: 3 },
    hasNext: [true, false],
    missing: { status: 404 },
  });
  expect(seen.run).not.toHaveProperty("finishedAt");
  expect(seen.listed).toEqual(seen.retrieved.runs.toReversed());
  // Its first retry would come after a second.
  expect(seen.missing.ms).toBeLessThan(900);
  expect(api.errors).toEqual([]);
});
