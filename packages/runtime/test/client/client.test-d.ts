import { describe, expectTypeOf, it } from "vitest";
import type { CursorPage } from "../../src/client/cursor-page.ts";
import type { ListedRun } from "../../src/client/run-record.ts";
import { runs } from "../../src/client/runs.ts";
import type { TaskRunPromise } from "../../src/client/task-run-promise.ts";
import { triggerTask, triggerTaskAndWait } from "../../src/client/trigger.ts";
import type { RunHandle, Task } from "../../src/lifecycle/task-handle.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { RunStatus } from "../../src/protocol/run-status.ts";

type Resize = Task<"resize", { url: string }, { width: number }>;

describe("runs.retrieve", () => {
  it("types payload and output by the task or the handle", async () => {
    const byTask = await runs.retrieve<Resize>("run_1");
    expectTypeOf(byTask.payload).toEqualTypeOf<{ url: string } | undefined>();
    expectTypeOf(byTask.output).toEqualTypeOf<{ width: number } | undefined>();
    const handle = {} as RunHandle<"resize", { url: string }, { width: number }>;
    const byHandle = await runs.retrieve(handle);
    expectTypeOf(byHandle.payload).toEqualTypeOf<{ url: string } | undefined>();
    expectTypeOf(byHandle.output).toEqualTypeOf<{ width: number } | undefined>();
  });

  it("leaves them unknown for a bare id, and types the rest", async () => {
    const run = await runs.retrieve("run_1");
    expectTypeOf(run.output).toEqualTypeOf<unknown>();
    expectTypeOf(run.metadata?.progress.done).toBeAny();
    // @ts-expect-error a run may have none
    run.metadata.progress;
    expectTypeOf(run.createdAt).toEqualTypeOf<Date>();
    expectTypeOf(run.finishedAt).toEqualTypeOf<Date | undefined>();
    expectTypeOf(run.status).toEqualTypeOf<RunStatus>();
    // @ts-expect-error a number is no run
    await runs.retrieve(1);
  });
});

describe("runs.list", () => {
  it("is a page and an iterable", async () => {
    expectTypeOf(await runs.list()).toEqualTypeOf<CursorPage<ListedRun>>();
    for await (const run of runs.list()) expectTypeOf(run).toEqualTypeOf<ListedRun>();
    // @ts-expect-error no such status
    void runs.list({ status: "RUNNING" });
  });
});

describe("trigger options", () => {
  it("take metadata that may be undefined, and dates in it", async () => {
    const current = {} as JsonObject | undefined;
    await triggerTask("t", {}, { metadata: current });
    await triggerTask("t", {}, { metadata: { date: new Date(), user: { name: "a" } } });
    // @ts-expect-error a list is no document
    await triggerTask("t", {}, { metadata: [1, 2] });
    // @ts-expect-error nor is a string
    await triggerTask("t", {}, { metadata: "text" });
    // @ts-expect-error maxDuration is a number of seconds
    await triggerTask("t", {}, { maxDuration: "60s" });
  });
});

describe("triggerAndWait", () => {
  it("is told apart by ok, and unwraps to the output", async () => {
    const promise: TaskRunPromise<number> = triggerTaskAndWait<number>("t", {});
    const result = await promise;
    if (result.ok) expectTypeOf(result.output).toEqualTypeOf<number>();
    else expectTypeOf(result.error).toEqualTypeOf<Error>();
    expectTypeOf(await promise.unwrap()).toEqualTypeOf<number>();
    // @ts-expect-error there is no output before ok was asked
    void result.output;
  });
});

describe("runs.updateMetadata", () => {
  it("takes a document or operations, not both", async () => {
    await runs.updateMetadata("run_1", { metadata: { a: 1 } });
    await runs.updateMetadata("run_1", { operations: [{ type: "delete", key: "a" }] });
    // @ts-expect-error one of the two
    await runs.updateMetadata("run_1", { metadata: {}, operations: [] });
  });
});
