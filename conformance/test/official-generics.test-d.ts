import { type StandardSchema, schemaTask, type Task, task } from "@runmeta/runtime";
import {
  useRealtimeBatch,
  useRealtimeRun,
  useRealtimeRunsWithTag,
  useRealtimeTaskTrigger,
  useTaskTrigger,
} from "@trigger.dev/react-hooks";
import { describe, expectTypeOf, it } from "vitest";

const resize = task({
  id: "resize",
  run: async (payload: { url: string }) => ({ bytes: payload.url.length }),
});
declare const toSomebody: StandardSchema<{ to: string }>;
const mail = schemaTask({ id: "mail", schema: toSomebody, run: async () => true });
const nightly = task({ id: "nightly", run: async () => 1 });

describe("the generics of @trigger.dev/react-hooks, given a task of ours", () => {
  it("know its payload and output", () => {
    const { run } = useRealtimeRun<typeof resize>("run_1");
    expectTypeOf(run?.payload).toEqualTypeOf<{ url: string } | undefined>();
    expectTypeOf(run?.output).toEqualTypeOf<{ bytes: number } | undefined>();
    expectTypeOf(useRealtimeRunsWithTag<typeof mail>("t").runs[0]?.output).toEqualTypeOf<
      boolean | undefined
    >();
    expectTypeOf(useRealtimeBatch<typeof nightly>("batch_1").runs[0]?.output).toEqualTypeOf<
      number | undefined
    >();
  });

  it("know what it is triggered with", () => {
    const { submit } = useTaskTrigger<typeof resize>("resize");
    void (() => submit({ url: "https://example.test" }));
    // @ts-expect-error url must be a string
    void (() => submit({ url: 1 }));
    void (() => useRealtimeTaskTrigger<typeof mail>("mail").submit({ to: "ada" }));
  });
});

describe("a task's own calls", () => {
  it("are the ones that are called", () => {
    expectTypeOf(resize).toExtend<Task<"resize", { url: string }, { bytes: number }>>();
    expectTypeOf<Parameters<typeof resize.trigger>[0]>().toEqualTypeOf<{ url: string }>();
    expectTypeOf<Awaited<ReturnType<typeof resize.trigger>>["taskIdentifier"]>().toEqualTypeOf<"resize">();
    expectTypeOf(nightly.triggerAndWait().unwrap()).resolves.toEqualTypeOf<number>();
    // @ts-expect-error the payload is missing
    void (() => resize.triggerAndWait());
    // @ts-expect-error the items are missing
    void (() => resize.batchTrigger());
  });
});
