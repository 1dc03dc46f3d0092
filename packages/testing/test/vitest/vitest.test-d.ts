import { task } from "@runmeta/runtime";
import { expectTypeOf } from "vitest";
import type { ManualClock, ScriptedEndpoint } from "../../src/index.ts";
import { expect, test } from "../../src/vitest.ts";

const resize = task({ id: "resize", run: async (payload: { width: number }) => ({ bytes: payload.width }) });

test("fixtures have their types", async ({ runTask, mockRun, endpoint, clock }) => {
  const run = await runTask(resize, { width: 1 });
  expectTypeOf(run.output).toEqualTypeOf<{ bytes: number } | undefined>();
  expectTypeOf((await mockRun({}, () => "text")).result).toEqualTypeOf<string>();
  expectTypeOf(endpoint).toEqualTypeOf<ScriptedEndpoint>();
  expectTypeOf(clock).toEqualTypeOf<ManualClock>();
  // @ts-expect-error: the width is a number
  await runTask(resize, { width: "1" });
});

test("matchers have their types", async ({ runTask }) => {
  const run = await runTask(resize, { width: 1 });
  expectTypeOf(expect(run).toHaveMetadata).toBeCallableWith({ a: expect.any(Number) });
  expectTypeOf(expect(run).not.toHaveMetadata).toBeCallableWith("$.a", 1);
  expectTypeOf(expect(run).resolves.toHaveFlushed({ times: 1 })).toEqualTypeOf<Promise<void>>();
  expectTypeOf(expect(run).toHaveRunHooks).toBeCallableWith(["onStart", { hook: "onSuccess", attempt: 1 }]);
  expectTypeOf(expect(run).toHaveDropped).toBeCallableWith({ reason: "refused" });
  // @ts-expect-error: hooks are a list
  expect(run).toHaveRunHooks("onStart");
  // @ts-expect-error: a document is an object
  expect(run).toHaveMetadata(1);
});
