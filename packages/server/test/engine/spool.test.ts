import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metadata, runs, task } from "@runmeta/runtime";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startEngineServer, taskId } from "./engine-server.ts";

let spoolDirectory: string;
beforeEach(() => {
  spoolDirectory = mkdtempSync(join(tmpdir(), "runmeta-spool-"));
});
afterEach(() => rmSync(spoolDirectory, { recursive: true, force: true }));

/** What a process that died left of an attempt. */
function leaveBehind(runId: string, operations: readonly object[]): void {
  const body = JSON.stringify({ operations, parentOperations: [], rootOperations: [] });
  const file = { version: 1, runId, batches: [{ key: "deadbeef.1", body }] };
  writeFileSync(join(spoolDirectory, `${runId}.1.999999-0badc0de.runmeta-spool.json`), JSON.stringify(file));
}

it("L8 a task's next attempt sees what the process of the last one could only leave on disk, once", async () => {
  await using engine = await startEngineServer();
  const seen: unknown[] = [];
  const spooled = task({
    id: taskId("spooled"),
    retry: { maxAttempts: 2, minTimeoutInMs: 10, maxTimeoutInMs: 10 },
    metadata: { spoolDirectory },
    run: async (_payload: undefined, { ctx }) => {
      seen.push(metadata.get("rows"));
      metadata.increment("rows");
      if (ctx.attempt.number === 1) throw new Error("once");
    },
  });
  const { id } = await spooled.trigger(undefined, { delay: "1h" });
  leaveBehind(id, [{ type: "increment", key: "rows", value: 40 }]);
  leaveBehind("run_neverRegistered", [{ type: "set", key: "a", value: 1 }]);
  await runs.reschedule(id, { delay: new Date() });
  await engine.ended(id);
  expect((await runs.retrieve(id)).metadata).toEqual({ rows: 42 });
  expect(seen).toEqual([40, 41]);
  // A run that the server has not heard of yet may be registered by its next attempt.
  expect(readdirSync(spoolDirectory)).toEqual([expect.stringContaining("run_neverRegistered")]);
});
