import { FlowProducer, type Job } from "bullmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bullmqProcessor, bullmqRunId } from "../../src/adapters/bullmq.ts";
import { currentRun, metadata, runs } from "../../src/index.ts";
import { type JobServer, startJobServer } from "./job-server.ts";
import { TestQueue, testRedisUrl, withId } from "./test-queue.ts";

describe.skipIf(testRedisUrl === undefined)("bullmqProcessor, when a job changes hands", () => {
  let server: JobServer;
  beforeAll(async () => {
    server = await startJobServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it("a stalled job is its run's next attempt at once, though the server has not missed its worker yet", async () => {
    await using queue = new TestQueue();
    let taken = () => {};
    const isTaken = new Promise<void>((resolve) => {
      taken = resolve;
    });
    const dead = queue.worker(
      bullmqProcessor(async () => {
        metadata.set("begun", true);
        await metadata.flush();
        taken();
        return new Promise(() => {});
      }),
      // A check of its own would put off the next worker's.
      { lockDuration: 500, skipStalledCheck: true },
    );
    const job = withId(await queue.queue.add("work", {}));
    await isTaken;
    // Its lock is not renewed any more, as if the process were gone.
    await dead.close(true);
    queue.worker(
      bullmqProcessor(async (again: Job) => [
        currentRun()?.attempt,
        again.attemptsMade,
        metadata.get("begun"),
      ]),
      { stalledInterval: 200 },
    );
    expect(await queue.end(job)).toEqual({ ok: true, value: [2, 0, true] });
    expect(await server.run(await bullmqRunId(job))).toMatchObject({ status: "COMPLETED", attemptCount: 2 });
  });

  it("a job that is removed and added again under its id is a run of its own, also when it is retried", async () => {
    await using queue = new TestQueue();
    const seen: string[] = [];
    queue.worker(
      bullmqProcessor(async (job: Job) => {
        const run = currentRun();
        seen.push(`${job.data} ${run?.attempt} ${run?.id}`);
        metadata.increment("tries");
        if (job.data === "second" && job.attemptsMade === 0) throw new Error("not yet");
        return metadata.get("tries");
      }),
    );
    const options = { jobId: "daily", removeOnComplete: true, attempts: 2 };
    const first = await queue.execute("first", options);
    const second = await queue.execute("second", options);
    expect([first.value, second.value]).toEqual([1, 2]);
    const ids = seen.map((line) => line.split(" ")[2]);
    expect(seen).toEqual([`first 1 ${first.runId}`, `second 1 ${ids[1]}`, `second 2 ${ids[1]}`]);
    expect(ids[1]).not.toBe(first.runId);
    expect(await server.run(ids[1] as string)).toMatchObject({ status: "COMPLETED", payload: "second" });
  });

  it("in a flow the children write to their parent's run, which begins with it", async () => {
    await using queue = new TestQueue();
    queue.worker(
      bullmqProcessor(async (job: Job) => {
        if (job.name === "parent") return metadata.get("done");
        metadata.parent.increment("done");
        return undefined;
      }),
    );
    await using flows = disposable(new FlowProducer({ connection: queue.connection }));
    const { name: queueName } = queue;
    const { job, children = [] } = await flows.add({
      name: "parent",
      queueName,
      data: { all: true },
      children: [1, 2, 3].map((n) => ({ name: "child", queueName, data: { n } })),
    });
    expect(await queue.end(job)).toEqual({ ok: true, value: 3 });
    const parent = await bullmqRunId(withId(job));
    expect(await server.run(parent)).toMatchObject({ status: "COMPLETED", metadata: { done: 3 } });
    const child = await server.run(await bullmqRunId(withId(children[0]?.job as Job)));
    expect(child.relatedRuns.parent?.id).toBe(parent);
  });

  it("a run that is cancelled tells its job, and ends it: it is not tried again", async () => {
    await using queue = new TestQueue();
    await using _ = await startJobServer({ heartbeatIntervalMs: 20 });
    let calls = 0;
    queue.worker(
      bullmqProcessor(async (_job: Job, _token, signal) => {
        calls += 1;
        await runs.cancel(currentRun()?.id ?? "");
        await new Promise((resolve) => signal?.addEventListener("abort", resolve));
        throw new Error("stopped");
      }),
    );
    expect(await queue.execute({}, { attempts: 3 })).toMatchObject({ ok: false, value: "stopped" });
    expect(calls).toBe(1);
  });

  it("a run that is cancelled while its job waits for the next attempt is not begun again", async () => {
    await using queue = new TestQueue();
    await using _ = await startJobServer();
    let calls = 0;
    const worker = queue.worker(
      bullmqProcessor(async () => {
        calls += 1;
        throw new Error("no");
      }),
    );
    worker.once("failed", async (job) => runs.cancel(await bullmqRunId(withId(job as Job))));
    const { value } = await queue.execute({}, { attempts: 3, backoff: { type: "fixed", delay: 2_000 } });
    expect(value).toBe("The job's run was cancelled");
    expect(calls).toBe(1);
  });
});

function disposable(flows: FlowProducer): FlowProducer & AsyncDisposable {
  return Object.assign(flows, { [Symbol.asyncDispose]: () => flows.close() });
}
