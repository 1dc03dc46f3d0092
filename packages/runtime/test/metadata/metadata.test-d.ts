import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  defineMetadata,
  type JsonObject,
  memoryTarget,
  metadata,
  type RelativeUpdater,
  type RunResult,
  withRun,
  withRunResult,
} from "../../src/index.ts";

declare const childTask: {
  trigger(payload: unknown, options: { metadata?: object | undefined }): Promise<{ id: string }>;
};

test("code written for the guide compiles under strict", () => {
  metadata.set("date", new Date());
  metadata.set("user", { name: "Eric", id: "user_1" });
  const name: string = metadata.get("user").name;
  expectTypeOf(name).toBeString();
  void childTask.trigger({}, { metadata: metadata.current() });
  metadata.save({ hello: "world", date: new Date(), nested: { list: [1, "x", null] } });
  const user = metadata.get<{ id: string }>("user");
  expectTypeOf(user).toEqualTypeOf<{ id: string } | undefined>();
  const parsed = z.object({ date: z.coerce.date() }).parse(metadata.current());
  expectTypeOf(parsed.date).toEqualTypeOf<Date>();
});

test("updaters chain, also those of parent and root, and may be awaited", async () => {
  expectTypeOf(metadata.set("a", 1).increment("b").append("c", {}).del("d")).toEqualTypeOf(metadata);
  expectTypeOf(metadata.parent.increment("n", 2).set("x", [])).toEqualTypeOf<RelativeUpdater>();
  expectTypeOf(metadata.current()).toEqualTypeOf<JsonObject | undefined>();
  await metadata.set("a", 1);
  expectTypeOf(metadata.flush({ timeoutMs: 1 })).toEqualTypeOf<Promise<void>>();
  // @ts-expect-error a step is a number
  metadata.increment("a", "1");
  // @ts-expect-error a document is an object
  metadata.save("text");
  // @ts-expect-error a key is a string
  metadata.set(1, 1);
});

test("defineMetadata checks what is written, and parses what is read", () => {
  const typed = defineMetadata(
    z.object({
      rows: z.number(),
      startedAt: z.coerce.date<Date | string>(),
      tags: z.array(z.string()),
      note: z.string().optional(),
    }),
  );
  typed.set("rows", 3).increment("rows").append("tags", "x").del("note").set("startedAt", new Date());
  expectTypeOf(typed.current()?.startedAt).toEqualTypeOf<Date | undefined>();
  expectTypeOf(typed.get("tags")).toEqualTypeOf<string[] | undefined>();
  // @ts-expect-error not a number
  typed.set("rows", "3");
  // @ts-expect-error no such key
  typed.set("columns", 3);
  // @ts-expect-error not a list of numbers
  typed.append("tags", 1);
  // @ts-expect-error no number to increment
  typed.increment("note");
  // @ts-expect-error a required key cannot be removed
  typed.del("rows");
  // @ts-expect-error keys are missing
  typed.replace({ rows: 1 });
});

test("withRun gives what the body gives", () => {
  expectTypeOf(withRun({}, () => 1)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(withRun({}, async (run) => run.signal)).toEqualTypeOf<Promise<AbortSignal>>();
  expectTypeOf(withRunResult({ target: memoryTarget() }, () => "x")).toEqualTypeOf<
    Promise<RunResult<string>>
  >();
  // @ts-expect-error a run's metadata is an object
  void withRun({ metadata: "text" }, () => {});
  // @ts-expect-error unknown options are refused
  void withRun({ metdata: {} }, () => {});
});
