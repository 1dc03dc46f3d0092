import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { DEV_KEY, startTestServer } from "./test-server.ts";

const calls = fileURLToPath(new URL("official-sessions-calls.mjs", import.meta.url));

test("sessions of the official SDK work unmodified", async () => {
  await using api = await startTestServer();
  await api.server.listen({ port: 0 });
  const { stdout } = await promisify(execFile)(process.execPath, [calls, api.server.url, DEV_KEY], {
    // The runner's own options would change how the client's modules are found.
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const seen = JSON.parse(stdout);
  const { id, runId } = seen.created;
  expect(seen).toMatchObject({
    created: {
      externalId: "chat/1",
      isCached: false,
      metadata: { n: 1 },
      triggerConfig: { machine: "micro", concurrencyKey: "5" },
    },
    createdAtIsDate: true,
    again: { id, runId, isCached: true },
    retrieved: { id, currentRunId: runId, tags: ["a"] },
    updated: { id, tags: ["b"], metadata: { n: 2 } },
    cleared: { metadata: null },
    closed: { closedReason: "done", closedAt: expect.any(String) },
    listed: ["l3", "l2", "l1"],
    refusals: {
      closed: expect.stringMatching(/^409 .*use a different externalId/),
      renamed: expect.stringMatching(/^422 .*externalId cannot be changed/),
      missing: expect.stringMatching(/^404 /),
      large: expect.stringMatching(/^422 /),
    },
  });
  expect(api.errors).toEqual([]);
}, 60_000);
