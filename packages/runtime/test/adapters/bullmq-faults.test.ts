import type { Job } from "bullmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bullmqProcessor } from "../../src/adapters/bullmq.ts";
import { configure, metadata } from "../../src/index.ts";
import { type JobServer, startJobServer } from "./job-server.ts";
import { TestQueue, testRedisUrl } from "./test-queue.ts";

describe.skipIf(testRedisUrl === undefined)("bullmqProcessor, when something fails", () => {
  let server: JobServer;
  beforeAll(async () => {
    server = await startJobServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it("mirrors a key as the job's progress: not for each write, and the last value", async () => {
    await using queue = new TestQueue();
    const updates: unknown[] = [];
    queue.worker(
      bullmqProcessor(
        async (job: Job) => {
          const update = job.updateProgress.bind(job);
          job.updateProgress = (progress) => {
            updates.push(progress);
            return update(progress);
          };
          for (let done = 0; done < 500; done++) metadata.set("progress", { done });
          while (updates.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
          metadata.set("progress", { done: 500 });
        },
        { mirror: "progress" },
      ),
    );
    await queue.execute({});
    expect(updates).toEqual([{ done: 499 }, { done: 500 }]);
    const [job] = await queue.queue.getJobs("completed");
    expect(job?.progress).toEqual({ done: 500 });
  });

  it("progress that cannot be stored is a warning, not the job's end", async () => {
    await using queue = new TestQueue();
    const warnings: string[] = [];
    queue.worker(
      bullmqProcessor(
        async (job: Job) => {
          job.updateProgress = () => Promise.reject(new Error("READONLY"));
          metadata.set("percent", 50);
          return "done";
        },
        { mirror: "percent", onWarning: ({ code, message }) => warnings.push(`${code} ${message}`) },
      ),
    );
    expect(await queue.execute({})).toMatchObject({ ok: true, value: "done" });
    expect(warnings).toEqual(["NOT_REPORTED The job's progress could not be updated: Error: READONLY"]);
  });

  it("a run that the server refuses costs the metadata and not the job", async () => {
    await using queue = new TestQueue();
    const warnings: string[] = [];
    queue.worker(
      bullmqProcessor(async () => metadata.set("a", 1).get("a"), {
        tags: Array.from({ length: 11 }, (_, n) => `tag ${n}`),
        onWarning: ({ code }) => warnings.push(code),
      }),
    );
    expect(await queue.execute({})).toMatchObject({ ok: true, value: 1 });
    expect(warnings).toEqual(["REFUSED"]);
  });

  it("I10 a server that is away changes neither the job's result nor its retries", async () => {
    await using queue = new TestQueue();
    // Nothing listens on port 1.
    configure({ baseURL: "http://127.0.0.1:1", accessToken: "tr_dev_away" });
    try {
      queue.worker(
        bullmqProcessor(
          async (job: Job) => {
            metadata.increment("tries");
            if (job.attemptsMade === 0) throw new Error("not yet");
            return metadata.get("tries");
          },
          { flush: { drainTimeoutMs: 100 }, onWarning: () => {} },
        ),
      );
      // The second attempt does not know what the first one could not store.
      expect(await queue.execute({}, { attempts: 2 })).toMatchObject({ ok: true, value: 1 });
    } finally {
      configure({ baseURL: server.url, accessToken: server.secretKey });
    }
  });
});
