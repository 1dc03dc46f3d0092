import { afterAll, beforeAll, expect, it } from "vitest";
import { ApiError, metadata, runs, withRun, withRunResult } from "../../src/index.ts";
import { type GuideServer, startGuideServer } from "../guide/guide-server.ts";

let server: GuideServer;
beforeAll(async () => {
  server = await startGuideServer();
});
afterAll(() => server[Symbol.asyncDispose]());

// The code of docs/own-queue.md for what calls a function and no queue.

it("a script is a run of its own each time", async () => {
  const script = () =>
    withRun({ task: "backfill", payload: { year: 2025 } }, async (run) => {
      const progress = metadata.progress(12);
      for (let month = 1; month <= 12; month++) progress.advance();
      return run.id;
    });
  const [first, second] = [await script(), await script()];
  expect(first).not.toBe(second);
  expect(await runs.retrieve(first)).toMatchObject({
    status: "COMPLETED",
    taskIdentifier: "backfill",
    payload: { year: 2025 },
    metadata: { progress: { done: 12, percent: 100 } },
  });
});

it("a cron job that two machines start at once is one run, and the second is refused before its body", async () => {
  let cleaned = 0;
  const nightly = (due: Date) => {
    const key = `nightly:${due.toISOString().slice(0, 10)}`;
    return withRun({ key, task: "nightly" }, async () => {
      metadata.set("cleaned", ++cleaned);
    });
  };
  const due = new Date("2026-01-01T03:00:00Z");
  await nightly(due);
  const again = nightly(due);
  await expect(again).rejects.toBeInstanceOf(ApiError);
  await expect(again).rejects.toMatchObject({
    status: 409,
    body: { code: "run_ended", status: "COMPLETED" },
  });
  expect(cleaned).toBe(1);
  await nightly(new Date("2026-01-02T03:00:00Z"));
  expect(cleaned).toBe(2);
});

it("a Lambda handler has stored everything when it returns, and its retry is the run's next attempt", async () => {
  let deliveries = 0;
  async function handler(event: { orderId: string }, context: { awsRequestId: string }) {
    const options = { key: `orders:${context.awsRequestId}`, task: "orders", payload: event };
    const result = await withRunResult({ ...options, takeOver: true, willRetry: () => true }, async (run) => {
      metadata.append("attempts", run.attempt);
      if (++deliveries === 1) throw new Error("throttled");
      return "shipped";
    });
    // What the frozen process could not send any more.
    expect(result).toMatchObject({ flushed: true, pending: 0 });
    if (!result.ok) throw result.error;
    return { id: result.id, value: result.value };
  }
  const call = () => handler({ orderId: "o1" }, { awsRequestId: "r1" });
  await expect(call()).rejects.toThrow("throttled");
  const { id, value } = await call();
  expect(value).toBe("shipped");
  expect(await runs.retrieve(id)).toMatchObject({
    status: "COMPLETED",
    attemptCount: 2,
    metadata: { attempts: [1, 2] },
  });
});

it("willRetry decides by the error whether a failed attempt is the last", async () => {
  const attempt = (message: string) =>
    withRunResult({ key: "work", willRetry: (error) => (error as Error).message !== "hopeless" }, () => {
      throw new Error(message);
    });
  const { id } = await attempt("not yet");
  expect(await runs.retrieve(id)).toMatchObject({ status: "QUEUED", attemptCount: 1 });
  await attempt("hopeless");
  expect(await runs.retrieve(id)).toMatchObject({ status: "FAILED", attemptCount: 2 });
});
