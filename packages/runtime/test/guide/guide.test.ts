import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  isRunmetaError,
  type MetadataValueError,
  metadata,
  runs,
  task,
  tasks,
  useConfig,
} from "../../src/index.ts";
import { type GuideServer, startGuideServer } from "./guide-server.ts";

let server: GuideServer;

beforeAll(async () => {
  server = await startGuideServer();
});
afterEach(() => useConfig(undefined));
afterAll(() => server?.[Symbol.asyncDispose]());

const user = { name: "Eric", id: "user_1234" };

describe("metadata of a triggered run", () => {
  it("is what trigger was given, read by get and current", async () => {
    const reading = task({
      id: "reading",
      run: async (payload: { message: string }) => ({
        name: metadata.get("user").name,
        all: metadata.current(),
        none: metadata.get("none") === undefined,
        message: payload.message,
      }),
    });
    const run = await server.execute(reading, { message: "hello world" }, { metadata: { user } });
    expect(run.output).toEqual({ name: "Eric", all: { user }, none: true, message: "hello world" });
    expect(run.metadata).toEqual({ user });
  });

  it("is changed from anywhere below run: called functions, timers, promises made together", async () => {
    async function doSomeWork(step: number): Promise<void> {
      await new Promise<void>((resolve) => {
        setTimeout(() => {
          metadata.set(`step${step}`, true);
          resolve();
        }, 1);
      });
      metadata.increment("done");
    }
    function replaceAll(): void {
      metadata.save({ kept: metadata.get("done"), gone: 1 }).del("gone");
    }
    const working = task({
      id: "working",
      run: async () => {
        await Promise.all([doSomeWork(1), doSomeWork(2), doSomeWork(3)]);
        const before = metadata.current();
        replaceAll();
        return before;
      },
    });
    const run = await server.execute(working, undefined);
    expect(run.output).toEqual({ step1: true, step2: true, step3: true, done: 3 });
    expect(run.metadata).toEqual({ kept: 3 });
  });

  it("has all update methods, which chain", async () => {
    const chaining = task({
      id: "chaining",
      run: async () => {
        metadata
          .set("progress", 0.25)
          .append("logs", "Step 1 complete")
          .append("logs", "Step 2 complete")
          .remove("logs", "Step 1 complete")
          .increment("progress", 0.5)
          .increment("count")
          .decrement("otherProgress", 0.25)
          .set("user", user)
          .set("$.user.name", "Ada");
      },
    });
    const run = await server.execute(chaining, undefined);
    expect(run.metadata).toEqual({
      progress: 0.75,
      logs: ["Step 2 complete"],
      count: 1,
      otherProgress: -0.25,
      user: { ...user, name: "Ada" },
    });
  });

  it("may be awaited at each call", async () => {
    const awaiting = task({
      id: "awaiting",
      run: async () => {
        await metadata.set("a", 1);
        await metadata.save({ b: 1, c: 1 });
        await metadata.del("c");
        await metadata.append("d", 1);
        await metadata.increment("b");
        await metadata.parent.set("e", 1);
        await metadata.flush();
        await metadata.refresh();
        return { all: await metadata.current(), one: await metadata.get("b") };
      },
    });
    const run = await server.execute(awaiting, undefined);
    expect(run.output).toEqual({ all: { b: 2, d: [1], e: 1 }, one: 2 });
  });

  it("gives a Date back as its ISO string, which a schema makes a Date again", async () => {
    const date = new Date("2026-11-21T10:00:00.000Z");
    const Metadata = z.object({ date: z.coerce.date() });
    const dated = task({
      id: "dated",
      run: async () => {
        const parsed = Metadata.parse(metadata.current());
        metadata.set("year", parsed.date.getUTCFullYear()).set("later", parsed.date);
        return { read: metadata.get("date"), isDate: parsed.date instanceof Date };
      },
    });
    const run = await server.execute(dated, undefined, { metadata: { date } });
    expect(run.output).toEqual({ read: date.toISOString(), isDate: true });
    expect(run.metadata).toEqual({ date: date.toISOString(), year: 2026, later: date.toISOString() });
    expect(Metadata.parse(run.metadata).date).toEqual(date);
  });

  it("is read by runs.retrieve while the run executes", async () => {
    const watched = task({
      id: "watched",
      run: async (_: { n: number }, { ctx }) => {
        metadata.set("progress", 0.5);
        await metadata.flush();
        const seen = await runs.retrieve(ctx.run.id);
        metadata.set("progress", 1);
        return { status: seen.status, metadata: seen.metadata };
      },
    });
    const run = await server.execute(watched, { n: 1 });
    expect(run.output).toEqual({ status: "EXECUTING", metadata: { progress: 0.5 } });
    expect(run.metadata).toEqual({ progress: 1 });
  });

  it("survives a failed attempt, and a failed run", async () => {
    const failing = task({
      id: "failing",
      retry: { maxAttempts: 2, minTimeoutInMs: 1, maxTimeoutInMs: 1 },
      run: async (_: { n: number }, { ctx }) => {
        metadata.append("attempts", ctx.attempt.number);
        throw new Error("no luck");
      },
    });
    const run = await server.execute(failing, { n: 1 });
    expect(run).toMatchObject({ status: "FAILED", metadata: { attempts: [1, 2] } });
  });
});

describe("hooks", () => {
  it("I11 the config's and the task's write to the document of run", async () => {
    useConfig({
      project: "proj_1234",
      onStart: () => void metadata.append("order", "config start").set("progress", 0.5),
      onSuccess: () => void metadata.append("order", "config success"),
    });
    const hooked = task({
      id: "hooked",
      onStart: async () => void metadata.append("order", "task start"),
      onSuccess: async () => void metadata.append("order", "task success").set("progress", 1),
      onComplete: () => void metadata.append("order", "task complete"),
      run: async () => void metadata.append("order", metadata.get("progress")),
    });
    const run = await server.execute(hooked, undefined);
    expect(run.metadata).toEqual({
      progress: 1,
      order: ["config start", "task start", 0.5, "config success", "task success", "task complete"],
    });
  });
});

describe("children", () => {
  it("get no metadata of their parent, except what the trigger names", async () => {
    const child = task({ id: "child", run: async (_: { message: string }) => metadata.current() });
    const parent = task({
      id: "parent",
      run: async (payload: { message: string }) => {
        await metadata.set("progress", 0.5);
        const without = await child.triggerAndWait(payload).unwrap();
        const named = await child.triggerAndWait(payload, { metadata: metadata.current() }).unwrap();
        const handle = await child.trigger(payload, { metadata: metadata.current() });
        return { without, named, triggered: handle.id };
      },
    });
    const run = await server.execute(parent, { message: "hi" });
    expect(run.output).toMatchObject({ without: {}, named: { progress: 0.5 } });
    expect((await runs.poll(run.output!.triggered, { pollIntervalMs: 100 })).metadata).toEqual({
      progress: 0.5,
    });
    expect(run.metadata).toEqual({ progress: 0.5 });
  });

  it("write to their parent and to the root, from parallel runs", async () => {
    const row = task({
      id: "row",
      run: async (n: number, { ctx }) => {
        metadata.parent.increment("processedRows", 1).append("rowRuns", ctx.run.id);
        metadata.root.set(`row${n}`, true);
        metadata.set("own", n);
      },
    });
    const file = task({
      id: "file",
      run: async (count: number) => {
        const items = Array.from({ length: count }, (_, payload) => ({ payload }));
        const results = await row.batchTriggerAndWait(items);
        await metadata.set("status", "complete").refresh();
        return { rows: metadata.get("processedRows"), ids: results.runs.map((result) => result.id) };
      },
    });
    const upload = task({ id: "upload", run: async () => await file.triggerAndWait(5).unwrap() });
    const run = await server.execute(upload, undefined);
    const output = run.output as { rows: number; ids: string[] };
    expect(output.rows).toBe(5);
    expect(run.metadata).toEqual({ row0: true, row1: true, row2: true, row3: true, row4: true });
    const middle = (await runs.retrieve(output.ids[0]!)).relatedRuns.parent!;
    const document = (await runs.retrieve(middle.id)).metadata!;
    expect(document).toMatchObject({ status: "complete", processedRows: 5 });
    expect([...(document.rowRuns as string[])].sort()).toEqual([...output.ids].sort());
  });
});

describe("what is no metadata", () => {
  class User {
    readonly name = "Eric";
  }
  const wrongDocuments: [string, unknown, string][] = [
    ["a top-level array", [{ user }], "$"],
    ["a string", "this is the metadata", "$"],
    ["a number", 1, "$"],
    ["null", null, "$"],
    ["a function", () => "Eric", "$"],
    ["a class instance", new User(), "$"],
    ["a function inside", { user: { onClick: () => "Eric" } }, "$.user.onClick"],
    ["a class instance inside", { list: [1, new User()] }, "$.list.1"],
  ];

  it.each(wrongDocuments)("%s is refused by trigger, which sends nothing", async (_, document, path) => {
    const before = server.sent.length;
    const error = await tasks
      .trigger("any", undefined as never, { metadata: document as never })
      .catch((thrown: unknown) => thrown);
    expectRefusal(error, path);
    expect(server.sent.length).toBe(before);
  });

  it("is refused by save and set, which change nothing", async () => {
    const errors: unknown[] = [];
    const caught = (call: () => unknown) => {
      try {
        call();
        errors.push("nothing thrown");
      } catch (error) {
        errors.push(error);
      }
    };
    const refusing = task({
      id: "refusing",
      run: async () => {
        metadata.set("kept", 1);
        for (const [, document] of wrongDocuments) caught(() => metadata.save(document as never));
        caught(() => metadata.set("user", new User()));
        caught(() => metadata.set("call", () => "Eric"));
        caught(() => metadata.set("deep", { list: [{ on: () => "Eric" }] }));
        metadata.set("list", [{ user }]).set("text", "is fine below a key");
      },
    });
    const run = await server.execute(refusing, undefined);
    const paths = [...wrongDocuments.map(([, , path]) => path), "$.user", "$.call", "$.deep.list.0.on"];
    expect(errors).toHaveLength(paths.length);
    for (const [index, path] of paths.entries()) expectRefusal(errors[index], path);
    expect(run).toMatchObject({ status: "COMPLETED", attemptCount: 1 });
    expect(run.metadata).toEqual({ kept: 1, list: [{ user }], text: "is fine below a key" });
  });

  function expectRefusal(error: unknown, path: string): void {
    if (!isRunmetaError(error)) throw new Error(`not refused: ${String(error)}`, { cause: error });
    expect(error.name).toBe("MetadataValueError");
    expect(error.message).toMatch(/metadata/i);
    expect(error.message).toContain(path);
    expect((error as MetadataValueError).path).toBe(path);
  }
});

describe("outside a run", () => {
  it("I1 every method does nothing, and nothing is sent", async () => {
    const before = server.sent.length;
    const { get, current, set, flush } = metadata;
    expect([metadata.get("a"), metadata.current(), get("a"), current()]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    for (const updater of [metadata, metadata.parent, metadata.root]) {
      const chained = updater
        .set("a", 1)
        .del("a")
        .append("a", 1)
        .remove("a", 1)
        .increment("a")
        .decrement("a")
        .save({ a: 1 })
        .replace({ a: 1 })
        .update({ a: 1 });
      expect(chained).toBe(updater);
      expect(await updater.set("a", 1)).toBe(updater);
      // Not even looked at: there is nothing that could be wrong.
      expect(updater.set("a", () => {})).toBe(updater);
    }
    expect(set("a", 1)).toBe(metadata);
    await expect(Promise.all([metadata.flush(), metadata.refresh(), flush()])).resolves.toBeDefined();
    const progress = metadata.progress(3);
    progress.advance();
    progress.done();
    const source = (async function* () {
      yield 1;
    })();
    expect(await metadata.stream("a", source)).toBe(source);
    expect(metadata.current()).toBeUndefined();
    expect(server.sent.length).toBe(before);
  });

  it("a run that is over is outside again, and metadata.current() is no metadata at trigger", async () => {
    const simple = task({ id: "simple", run: async () => metadata.current() });
    const run = await server.execute(simple, undefined, { metadata: metadata.current() });
    expect(run.output).toEqual({});
    expect(metadata.current()).toBeUndefined();
  });
});
