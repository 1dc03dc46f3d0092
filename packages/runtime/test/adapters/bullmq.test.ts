import type { Job } from "bullmq";
import { DelayedError, UnrecoverableError } from "bullmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bullmqProcessor } from "../../src/adapters/bullmq.ts";
import { currentRun, metadata } from "../../src/index.ts";
import { type JobServer, startJobServer } from "./job-server.ts";
import { TestQueue, testRedisUrl } from "./test-queue.ts";

describe.skipIf(testRedisUrl === undefined)("bullmqProcessor", () => {
  let server: JobServer;
  beforeAll(async () => {
    server = await startJobServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it("a job is a run: queue, payload, metadata, tags and output", async () => {
    await using queue = new TestQueue();
    queue.worker(
      bullmqProcessor(
        async (job: Job<{ to: string }>) => {
          metadata.set("to", job.data.to).increment("sent");
          return { sent: 1 };
        },
        (job) => ({ tags: [`to:${job.data.to}`] }),
      ),
    );
    const { ok, value, runId } = await queue.execute({ to: "ada" });
    expect({ ok, value }).toEqual({ ok: true, value: { sent: 1 } });
    expect(await server.run(runId)).toMatchObject({
      status: "COMPLETED",
      taskIdentifier: queue.name,
      payload: { to: "ada" },
      metadata: { to: "ada", sent: 1 },
      tags: ["to:ada"],
      output: { sent: 1 },
    });
  });

  it("a retried job is the same run: open between its attempts, and its document goes on", async () => {
    await using queue = new TestQueue();
    const seen: unknown[] = [];
    queue.worker(
      bullmqProcessor(async (job: Job) => {
        const run = currentRun();
        seen.push([run?.attempt, job.attemptsMade, metadata.get("tries")]);
        metadata.increment("tries");
        if (job.attemptsMade < 2) throw new Error("not yet");
        return "done";
      }),
    );
    const { value, runId } = await queue.execute({}, { attempts: 3 });
    expect(value).toBe("done");
    expect(seen).toEqual([
      [1, 0, undefined],
      [2, 1, 1],
      [3, 2, 2],
    ]);
    expect(await server.run(runId)).toMatchObject({
      status: "COMPLETED",
      attemptCount: 3,
      metadata: { tries: 3 },
    });
  });

  it("the last attempt that fails ends the run, and so does an UnrecoverableError at once", async () => {
    await using queue = new TestQueue();
    queue.worker(
      bullmqProcessor(async (job: Job) => {
        throw job.data === "hopeless" ? new UnrecoverableError("hopeless") : new Error("no");
      }),
    );
    const failed = await queue.execute("no", { attempts: 2 });
    expect(failed).toMatchObject({ ok: false, value: "no" });
    expect(await server.run(failed.runId)).toMatchObject({
      status: "FAILED",
      attemptCount: 2,
      error: { message: "no" },
    });
    const hopeless = await queue.execute("hopeless", { attempts: 5 });
    expect(hopeless).toMatchObject({ ok: false, value: "hopeless" });
    expect(await server.run(hopeless.runId)).toMatchObject({ status: "FAILED", attemptCount: 1 });
  });

  it("a job that puts itself aside has not failed: it goes on as the next attempt", async () => {
    await using queue = new TestQueue();
    queue.worker(
      bullmqProcessor(async (job: Job, token) => {
        metadata.append("steps", job.data.step);
        if (job.data.step === "second") return "done";
        await job.updateData({ step: "second" });
        await job.moveToDelayed(Date.now(), token);
        throw new DelayedError();
      }),
    );
    const { value, runId } = await queue.execute({ step: "first" });
    expect(value).toBe("done");
    expect(await server.run(runId)).toMatchObject({
      status: "COMPLETED",
      attemptCount: 2,
      metadata: { steps: ["first", "second"] },
    });
  });

  it("fifty at once do not meet", async () => {
    await using queue = new TestQueue();
    let open = 0;
    let most = 0;
    queue.worker(
      bullmqProcessor(async (job: Job<{ n: number }>) => {
        most = Math.max(most, ++open);
        for (let write = 0; write < 5; write++) {
          await new Promise(setImmediate);
          metadata.increment("writes").set("n", job.data.n);
        }
        // All of them are open together before any of them ends.
        while (most < 50) await new Promise(setImmediate);
        open--;
        return job.data.n;
      }),
      { concurrency: 50 },
    );
    const ended = await Promise.all(Array.from({ length: 50 }, (_, n) => queue.execute({ n })));
    for (const [n, { value, runId }] of ended.entries()) {
      expect(value).toBe(n);
      expect(await server.run(runId)).toMatchObject({ metadata: { n, writes: 5 }, output: n });
    }
    expect(most).toBe(50);
  });
});
