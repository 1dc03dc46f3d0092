import { currentRun, metadata, task } from "@runmeta/runtime";
import { describe, expect, test } from "vitest";
import { manualClock, mockRun, networkFault, scriptedEndpoint } from "../src/index.ts";

async function processFiles(names: readonly string[]): Promise<number> {
  for (const name of names) {
    await Promise.resolve();
    metadata.append("files", name);
  }
  return names.length;
}

describe("mockRun", () => {
  test("gives what the code gave, and what it wrote", async () => {
    const run = await mockRun({ metadata: { from: "test" } }, () => processFiles(["a", "b"]));
    expect(run.result).toBe(2);
    expect(run.status).toBe("COMPLETED");
    expect(run.metadata).toEqual({ from: "test", files: ["a", "b"] });
    expect(run.timeline.map(({ operation }) => operation)).toEqual([
      { type: "append", key: "files", value: "a" },
      { type: "append", key: "files", value: "b" },
    ]);
    expect(run.stats).toMatchObject({ accepted: 2, acknowledged: 2, pending: 0 });
  });

  test("registers, starts and completes the run as production does", async () => {
    const run = await mockRun({ id: "run_mine", task: "files", tags: ["t"] }, (current) => {
      metadata.set("id", current.id);
      return currentRun()?.task;
    });
    expect(run).toMatchObject({ id: "run_mine", task: "files", result: "files", attempts: 1 });
    expect(run.requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      "PUT /engine/v1/runs/run_mine",
      "POST /engine/v1/runs/run_mine/start",
      "PUT /api/v1/runs/run_mine/metadata",
      "POST /engine/v1/runs/run_mine/complete",
    ]);
  });

  test("rejects with what the code throws, so that an assertion in it fails the test", async () => {
    const thrown = new Error("assertion");
    await expect(
      mockRun({}, () => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
  });

  test("waits over faults of the endpoint without taking time", async () => {
    const endpoint = scriptedEndpoint([networkFault("ECONNRESET"), networkFault("ECONNRESET")]);
    const run = await mockRun({ endpoint }, async () => {
      metadata.increment("n");
      await metadata.flush();
      return metadata.get("n");
    });
    expect([run.result, run.metadata]).toEqual([1, { n: 1 }]);
  });

  test("on a clock of the test, batches leave when the test moves it", async () => {
    const clock = manualClock();
    const endpoint = scriptedEndpoint();
    let end: (value: unknown) => void = () => {};
    const running = mockRun({ id: "run_a", endpoint, clock }, async () => {
      metadata.set("step", 1);
      await new Promise((resolve) => {
        end = resolve;
      });
    });
    await clock.advance(249);
    expect(endpoint.metadataRequests).toHaveLength(0);
    await clock.advance(251);
    expect(endpoint.document("run_a")).toEqual({ step: 1 });
    end(undefined);
    await running;
    expect(clock.pendingTimers).toEqual([]);
  });

  test("children and a parent work as in runTask", async () => {
    const child = task({ id: "mock-child", run: () => void metadata.parent.set("child", "done") });
    const run = await mockRun({ parent: { id: "run_top", metadata: { top: 1 } } }, async () => {
      metadata.parent.set("seen", true);
      await child.triggerAndWait();
    });
    expect(run.parent).toEqual({ id: "run_top", metadata: { top: 1, seen: true } });
    expect(run.metadata).toEqual({ child: "done" });
    expect(run.children).toMatchObject([{ task: "mock-child", status: "COMPLETED" }]);
  });

  test("I2 runs side by side never see each other, and nothing global is left behind", async () => {
    const runs = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        mockRun({}, async () => {
          metadata.set("index", index);
          await new Promise((resolve) => setTimeout(resolve, index % 3));
          metadata.increment("seen");
          return metadata.get("index");
        }),
      ),
    );
    expect(runs.map(({ result, metadata: document }) => [result, document])).toEqual(
      runs.map((_, index) => [index, { index, seen: 1 }]),
    );
    expect(metadata.current()).toBeUndefined();
  });
});
