import { task } from "@runmeta/runtime";
import { expectTypeOf, test } from "vitest";
import { mockRun, runTask } from "../src/index.ts";

const resize = task({ id: "resize", run: async (payload: { width: number }) => ({ bytes: payload.width }) });

test("payload and output have the types of the task", async () => {
  const run = await runTask(resize, { width: 1 });
  expectTypeOf(run.output).toEqualTypeOf<{ bytes: number } | undefined>();
  // @ts-expect-error: the width is a number
  await runTask(resize, { width: "1" });
});

test("mockRun gives what the body gives", async () => {
  const run = await mockRun({}, async () => 42);
  expectTypeOf(run.result).toEqualTypeOf<number>();
});
