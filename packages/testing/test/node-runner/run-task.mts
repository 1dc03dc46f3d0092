import assert from "node:assert/strict";
import { test } from "node:test";
import { metadata, task } from "@runmeta/runtime";
import { lostReply, manualClock, mockRun, runTask, scriptedEndpoint, status } from "@runmeta/testing";

const count = task({
  id: "count",
  retry: { maxAttempts: 2, minTimeoutInMs: 30_000, randomize: false },
  run: (upTo: number, { ctx }) => {
    for (let number = 1; number <= upTo; number += 1) metadata.increment("counted");
    if (ctx.attempt.number === 1) throw new Error("once more");
    return upTo;
  },
});

test("runTask needs no test runner", async () => {
  const run = await runTask(count, 3, { endpoint: scriptedEndpoint([lostReply(), status(503)]) });
  assert.equal(run.status, "COMPLETED");
  assert.equal(run.attempts, 2);
  assert.deepEqual(run.metadata, { counted: 6 });
});

test("a clock of the test works as well", async () => {
  const clock = manualClock();
  const running = runTask(count, 1, { clock });
  await clock.advance(30_000);
  assert.deepEqual((await running).metadata, { counted: 2 });
  assert.deepEqual(clock.pendingTimers, []);
});

test("mockRun needs no test runner", async () => {
  const { result, metadata: document } = await mockRun({}, () => {
    metadata.set("seen", true);
    return 42;
  });
  assert.equal(result, 42);
  assert.deepEqual(document, { seen: true });
});
