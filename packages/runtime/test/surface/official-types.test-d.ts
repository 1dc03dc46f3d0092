import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  type AnyRetrieveRunResult,
  type AnyTask,
  type BatchItem,
  type BatchResult,
  type BatchRunHandle,
  batch,
  type Context,
  type RetrieveRunResult,
  type RunHandle,
  runs,
  schemaTask,
  type Task,
  type TaskFromIdentifier,
  type TaskIdentifier,
  type TaskOutput,
  type TaskPayload,
  type TaskRunContext,
  type TaskRunResult,
  type TaskWithSchema,
  task,
  tasks,
} from "../../src/index.ts";

const resize = task({
  id: "resize",
  run: async (payload: { url: string }) => ({ bytes: payload.url.length }),
});
const mail = schemaTask({
  id: "mail",
  schema: z.object({ to: z.string(), at: z.coerce.date<string>() }),
  run: async ({ to, at }, { ctx }) => `${to} ${at.getTime()} ${ctx.run.id}`,
});

describe("types of tasks under their official names", () => {
  it("say what a task takes, gives and is called", () => {
    expectTypeOf<TaskIdentifier<typeof resize>>().toEqualTypeOf<"resize">();
    expectTypeOf<TaskPayload<typeof resize>>().toEqualTypeOf<{ url: string }>();
    expectTypeOf<TaskOutput<typeof resize>>().toEqualTypeOf<{ bytes: number }>();
    expectTypeOf<TaskPayload<typeof mail>>().toEqualTypeOf<{ to: string; at: string }>();
    expectTypeOf(resize).toExtend<AnyTask>();
    expectTypeOf(resize).toExtend<Task<"resize", { url: string }, { bytes: number }>>();
    expectTypeOf<TaskFromIdentifier<typeof resize | typeof mail, "mail">>().toEqualTypeOf<typeof mail>();
    const schema = z.object({ to: z.string(), at: z.coerce.date<string>() });
    expectTypeOf(mail).toExtend<TaskWithSchema<"mail", typeof schema, string>>();
    expectTypeOf<Context>().toEqualTypeOf<TaskRunContext>();
  });

  it("say what a run, its handle and its result are", async () => {
    const run = await runs.retrieve<typeof resize>("run_1");
    expectTypeOf(run).toEqualTypeOf<RetrieveRunResult<typeof resize>>();
    expectTypeOf(run.output).toEqualTypeOf<{ bytes: number } | undefined>();
    expectTypeOf(await runs.retrieve("run_1")).toEqualTypeOf<AnyRetrieveRunResult>();
    const handle = await tasks.trigger<typeof resize>("resize", { url: "a" });
    expectTypeOf(handle).toEqualTypeOf<RunHandle<"resize", { url: string }, { bytes: number }>>();
    expectTypeOf(await runs.poll(handle, { pollIntervalMs: 500 })).toEqualTypeOf<
      RetrieveRunResult<typeof handle>
    >();
    const result = await resize.triggerAndWait({ url: "a" });
    expectTypeOf(result).toExtend<TaskRunResult<string, { bytes: number }>>();
    if (result.ok) expectTypeOf(result.output.bytes).toBeNumber();
    const items: BatchItem<{ url: string }>[] = [{ payload: { url: "a" }, options: { tags: ["x"] } }];
    expectTypeOf(await resize.batchTrigger(items)).toExtend<
      BatchRunHandle<"resize", { url: string }, { bytes: number }>
    >();
    expectTypeOf(await resize.batchTriggerAndWait(items)).toExtend<BatchResult<string, { bytes: number }>>();
    // @ts-expect-error the payload needs a url
    await tasks.trigger<typeof resize>("resize", {});
    // @ts-expect-error no such task
    await tasks.trigger<typeof resize>("resise", { url: "a" });
  });
});

describe("batch", () => {
  it("types each item by its id, and each result by the task's", async () => {
    const { runs: ended } = await batch.triggerAndWait<typeof resize | typeof mail>([
      { id: "resize", payload: { url: "a" } },
      { id: "mail", payload: { to: "b", at: "2026-01-01" } },
    ]);
    for (const run of ended) {
      if (run.ok && run.taskIdentifier === "resize")
        expectTypeOf(run.output).toEqualTypeOf<{ bytes: number }>();
      if (run.ok && run.taskIdentifier === "mail") expectTypeOf(run.output).toEqualTypeOf<string>();
    }
    await batch.trigger<typeof resize | typeof mail>([
      // @ts-expect-error the payload is the other task's
      { id: "resize", payload: { to: "b", at: "2026-01-01" } },
    ]);
    // Without a type, any id and any payload.
    await batch.trigger([{ id: "elsewhere", payload: 1 }]);
  });

  it("types items and results by the task that stands in each place", async () => {
    const { runs: ended } = await batch.triggerByTaskAndWait([
      { task: resize, payload: { url: "a" } },
      { task: mail, payload: { to: "b", at: "2026-01-01" } },
    ]);
    const [resized, mailed] = ended;
    if (resized?.ok) expectTypeOf(resized.output.bytes).toBeNumber();
    if (mailed?.ok) expectTypeOf(mailed.output).toBeString();
    await batch.triggerByTask([
      // @ts-expect-error the payload needs a url
      { task: resize, payload: {} },
    ]);
  });
});
