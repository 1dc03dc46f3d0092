import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import type { TaskRunResult } from "../../src/client/task-run-promise.ts";
import { defineConfig } from "../../src/lifecycle/config.ts";
import { locals } from "../../src/lifecycle/locals.ts";
import { schemaTask } from "../../src/lifecycle/schema-task.ts";
import { task } from "../../src/lifecycle/task.ts";
import type { RunHandle, TaskIdentifier, TaskOutput, TaskPayload } from "../../src/lifecycle/task-handle.ts";
import { tasks } from "../../src/lifecycle/tasks.ts";
import { metadata } from "../../src/metadata.ts";

const resize = task({ id: "resize", run: async (payload: { url: string }) => payload.url.length });
const nightly = task({ id: "nightly", run: async () => {} });

describe("task", () => {
  it("infers id, payload and output", () => {
    expectTypeOf<TaskIdentifier<typeof resize>>().toEqualTypeOf<"resize">();
    expectTypeOf<TaskPayload<typeof resize>>().toEqualTypeOf<{ url: string }>();
    expectTypeOf<TaskOutput<typeof resize>>().toEqualTypeOf<number>();
    expectTypeOf(resize.trigger({ url: "" })).resolves.toEqualTypeOf<
      RunHandle<"resize", { url: string }, number>
    >();
    expectTypeOf(resize.triggerAndWait({ url: "" })).resolves.toEqualTypeOf<TaskRunResult<number>>();
    expectTypeOf(resize.triggerAndWait({ url: "" }).unwrap()).resolves.toEqualTypeOf<number>();
  });

  it("refuses a wrong payload, and needs none where run takes none", () => {
    // @ts-expect-error url must be a string
    void (() => resize.trigger({ url: 1 }));
    // @ts-expect-error the payload is missing
    void (() => resize.trigger());
    void (() => nightly.trigger());
    void (() => nightly.batchTrigger([{ payload: undefined }]));
  });

  it("types hooks by run and init", () => {
    task({
      id: "typed",
      init: async () => ({ connection: 1 }),
      run: async (payload: { n: number }, { init, ctx, signal }) => {
        expectTypeOf(init).toEqualTypeOf<{ connection: number }>();
        expectTypeOf(ctx.run.id).toEqualTypeOf<string>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        return String(payload.n);
      },
      onSuccess: ({ output, payload, init }) => {
        expectTypeOf(output).toEqualTypeOf<string>();
        expectTypeOf(payload).toEqualTypeOf<{ n: number }>();
        expectTypeOf(init).toEqualTypeOf<{ connection: number } | undefined>();
      },
      onComplete: async ({ result }) => {
        if (result.ok) expectTypeOf(result.data).toEqualTypeOf<string>();
        else expectTypeOf(result.error).toBeUnknown();
      },
      catchError: async ({ error }) => {
        if (error instanceof TypeError) return { skipRetrying: true };
        return;
      },
    });
    // @ts-expect-error skipRetrying is a boolean
    task({ id: "wrong", run: async () => {}, catchError: () => ({ skipRetrying: "yes" }) });
  });

  it("schemaTask takes what the schema takes and runs with what it gives", () => {
    const parsed = schemaTask({
      id: "parsed",
      schema: z.object({ at: z.coerce.date<string>() }),
      run: async ({ at }) => at.getTime(),
    });
    expectTypeOf<TaskPayload<typeof parsed>>().toEqualTypeOf<{ at: string }>();
    expectTypeOf<TaskOutput<typeof parsed>>().toEqualTypeOf<number>();
  });
});

describe("tasks", () => {
  it("types payload and result by the type of a task", () => {
    void (() => {
      expectTypeOf(
        tasks.triggerAndWait<typeof resize>("resize", { url: "" }).unwrap(),
      ).resolves.toEqualTypeOf<number>();
      // @ts-expect-error another task's id
      void tasks.trigger<typeof resize>("resizer", { url: "" });
      // @ts-expect-error url is missing
      void tasks.trigger<typeof resize>("resize", {});
      void tasks.batchTrigger<typeof resize>("resize", [{ payload: { url: "" }, options: { tags: "a" } }]);
    });
  });

  it("gives global hooks an unknown payload", () => {
    void (() => {
      tasks.onSuccess(({ payload, output, ctx }) => {
        expectTypeOf(payload).toBeUnknown();
        expectTypeOf(output).toBeUnknown();
        expectTypeOf(ctx.attempt.number).toEqualTypeOf<number>();
      });
      tasks.middleware("db", async ({ next }) => {
        await next();
      });
      // @ts-expect-error a name needs a function
      tasks.onStart("name");
    });
  });
});

describe("the guide's code", () => {
  it("compiles under strict", () => {
    void (async () => {
      await nightly.trigger(undefined, { metadata: metadata.current() });
      await resize.trigger({ url: "" }, { metadata: { user: { name: "Ada" }, date: new Date() } });
    });
    task({
      id: "my-task",
      run: async (payload: { message: string }, { ctx }) => {
        metadata.set("progress", 0.5);
        await metadata.set("user", { name: payload.message, run: ctx.run.id });
        return metadata.get("user").name;
      },
    });
    defineConfig({
      project: "proj_1",
      runtime: "node",
      logLevel: "log",
      maxDuration: 60,
      retries: { enabledInDev: true, default: { maxAttempts: 3, factor: 2, randomize: true } },
      dirs: ["./src/trigger"],
      build: { external: ["sharp"] },
      onStart: async ({ payload, ctx }) => {
        metadata.set("started", [payload === undefined, ctx.run.id]);
      },
      onFailure: async ({ error, ctx }) => {
        metadata.set(ctx.task.id, String(error));
      },
    });
    const key = locals.create<Date>("at");
    expectTypeOf(locals.get(key)).toEqualTypeOf<Date | undefined>();
  });

  it("tasks.trigger takes any payload where no task is named", () => {
    void (() => tasks.trigger("made-elsewhere", { anything: 1 }));
    expectTypeOf<TaskPayload<typeof resize>>().toEqualTypeOf<{ url: string }>();
  });
});
