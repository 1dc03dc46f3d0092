import { metadata, runs, task } from "@runmeta/runtime";
import type { AttemptEnd } from "@runmeta/server";
import { expect, it } from "vitest";
import { startEngineServer, taskId } from "./engine-server.ts";

const quickRetry = { maxAttempts: 2, minTimeoutInMs: 10, maxTimeoutInMs: 10, randomize: false };

it("L6: with onRetry reset, attempt 2 starts from the document that the run was triggered with", async () => {
  await using engine = await startEngineServer();
  const seen: unknown[] = [];
  const flaky = task({
    id: taskId("flaky"),
    retry: quickRetry,
    metadata: { onRetry: "reset" },
    run: async (_payload: undefined, { ctx }) => {
      seen.push(metadata.current());
      metadata.set("attempt", ctx.attempt.number);
      if (ctx.attempt.number === 1) {
        metadata.set("left over", true);
        throw new Error("once");
      }
    },
  });
  const { id } = await flaky.trigger(undefined, { metadata: { from: "trigger" } });
  await engine.ended(id);
  expect(seen).toEqual([{ from: "trigger" }, { from: "trigger" }]);
  expect((await runs.retrieve(id)).metadata).toEqual({ from: "trigger", attempt: 2 });
});

it("tells of every attempt that ended, with what became of its writes", async () => {
  const ends: AttemptEnd[] = [];
  await using engine = await startEngineServer({ inline: { onAttemptEnd: (end) => ends.push(end) } });
  const flaky = task({
    id: taskId("counted"),
    retry: quickRetry,
    run: async (_payload: undefined, { ctx }) => {
      metadata.increment("tries").set("a", 1);
      if (ctx.attempt.number === 1) throw new Error("once");
    },
  });
  const { id } = await flaky.trigger(undefined);
  await engine.ended(id);
  expect(
    ends.map(({ runId, attempt, kind, retryAfterMs }) => ({ runId, attempt, kind, retryAfterMs })),
  ).toEqual([
    { runId: id, attempt: 1, kind: "failed", retryAfterMs: 10 },
    { runId: id, attempt: 2, kind: "completed", retryAfterMs: undefined },
  ]);
  for (const { stats } of ends) expect(stats).toMatchObject({ accepted: 2, acknowledged: 2, requests: 1 });
});
