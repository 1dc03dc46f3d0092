import { join } from "node:path";
import { expect, it } from "vitest";
import { startJobServer } from "../adapters/job-server.ts";
import { TestQueue, testRedisUrl } from "../adapters/test-queue.ts";
import { packedProject } from "./packed-project.ts";

it.skipIf(testRedisUrl === undefined)(
  "a sandboxed BullMQ processor is a process of its own, and reports as any other",
  { timeout: 90_000 },
  async () => {
    await using server = await startJobServer();
    await using project = await packedProject();
    const own = { TRIGGER_API_URL: server.url, TRIGGER_SECRET_KEY: server.secretKey };
    await using queue = new TestQueue();
    queue.worker(join(project.directory, "bullmq-processor.mjs"), {
      workerForkOptions: { env: { ...process.env, NODE_OPTIONS: "", ...own }, execArgv: [] },
    });
    const { ok, value, runId } = await queue.execute({}, { attempts: 2 });
    expect(ok).toBe(true);
    expect(value).not.toBe(process.pid);
    expect(await server.run(runId)).toMatchObject({
      status: "COMPLETED",
      attemptCount: 2,
      metadata: { percent: 50, tries: 2 },
      output: value,
    });
    const [job] = await queue.queue.getJobs("completed");
    expect(job?.progress).toBe(50);
  },
);
