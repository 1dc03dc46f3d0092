import { afterEach, describe, expect, it } from "vitest";
import { clearProcessRegistry } from "../../src/lifecycle/process-registry.ts";
import { useConfig } from "../../src/lifecycle/use-config.ts";
import { startGuideServer } from "../guide/guide-server.ts";
import { backend, config, events } from "./documentation.ts";

afterEach(clearProcessRegistry);

describe("what the official documentation shows", { timeout: 60_000 }, () => {
  it("runs, from the backend's calls to the tasks' results", async () => {
    await using _ = await startGuideServer();
    useConfig(config);
    expect(await backend()).toEqual({
      status: "COMPLETED",
      output: {
        first: "ada",
        failed: false,
        unwrapped: "aborts no point in going on",
        receivers: ["user_0", "user_1"],
        year: 2026,
        attempt: 2,
        result: 11,
        measured: true,
        aborted: false,
      },
      tags: ["count_2", "documentation", "org:2", "user:1"],
      metadata: { by: "backend", status: "done", count: 2, sum: 11 },
      cancelled: true,
      runCount: 2,
      idempotent: true,
      listed: true,
      missing: "status 404",
    });
    expect(events).toContain("parent attempt 1");
    expect(events).toContain("flaky attempt 2");
    expect(events).not.toContain("flaky attempt 3");
    expect(events).not.toContain("aborts attempt 2");
  });
});
