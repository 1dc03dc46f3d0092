import { afterEach, describe, expect, it } from "vitest";
import { AbortTaskRunError } from "../../src/errors.ts";
import { locals } from "../../src/lifecycle/locals.ts";
import { type LogLine, logger, setLogSink } from "../../src/lifecycle/logger.ts";
import { clearProcessRegistry } from "../../src/lifecycle/process-registry.ts";
import { retry } from "../../src/lifecycle/retry.ts";
import { task } from "../../src/lifecycle/task.ts";
import { useConfig } from "../../src/lifecycle/use-config.ts";
import { wait } from "../../src/lifecycle/wait.ts";
import { execute } from "./execute.ts";
import { ManualClock } from "./manual-clock.ts";

afterEach(() => {
  clearProcessRegistry();
  setLogSink(undefined);
});

describe("wait", () => {
  it("waits on the run's clock, and tells the hooks until when", async () => {
    const clock = new ManualClock();
    const told: unknown[] = [];
    const waiting = task({
      id: "waiting",
      onWait: ({ wait: what }) => void told.push(what),
      run: async () => {
        await wait.for({ minutes: 1, seconds: 30 });
        await wait.until({ date: new Date(clock.wallTime() + 5_000) });
        await wait.until({ date: new Date(clock.wallTime() - 5_000) });
        return clock.now();
      },
    });
    const done = execute(waiting, undefined, { clock });
    const startedAt = clock.wallTime();
    await clock.armed(90_000);
    await clock.advance(90_000);
    await clock.armed(5_000);
    await clock.advance(5_000);
    expect((await done).outcome).toMatchObject({ value: 95_000 });
    expect(told).toEqual([
      { type: "duration", date: new Date(startedAt + 90_000) },
      { type: "duration", date: new Date(startedAt + 95_000) },
    ]);
  });

  it("waits longer than a timer can", async () => {
    const clock = new ManualClock();
    const waiting = task({ id: "waiting", run: () => wait.for({ weeks: 4 }).then(() => clock.now()) });
    const done = execute(waiting, undefined, { clock });
    await clock.armed(2 ** 31 - 1);
    await clock.advance(28 * 86_400_000);
    expect((await done).outcome).toMatchObject({ value: 28 * 86_400_000 });
  });

  it("works outside a run, and refuses nonsense", async () => {
    await wait.for({ seconds: 0 });
    await expect(wait.for({})).rejects.toThrow("wait.for needs one of seconds, minutes");
    await expect(wait.for({ seconds: -1 })).rejects.toThrow("seconds must be a number of 0 or more, got -1");
    await expect(wait.until({ date: new Date("x") })).rejects.toThrow("valid Date");
    await expect(wait.until({ date: new Date(0), throwIfInThePast: true })).rejects.toThrow("1970-01-01");
  });
});

describe("retry.onThrow", () => {
  it("tries again with growing waits and gives the result", async () => {
    const clock = new ManualClock();
    const calls: unknown[] = [];
    const flaky = task({
      id: "flaky",
      run: () =>
        retry.onThrow(
          async ({ attempt, maxAttempts }) => {
            calls.push([attempt, maxAttempts, clock.now()]);
            if (attempt < 3) throw new Error("again");
            return "there";
          },
          { maxAttempts: 3, minTimeoutInMs: 10, randomize: false },
        ),
    });
    const done = execute(flaky, undefined, { clock });
    await clock.armed(10);
    await clock.advance(10);
    await clock.armed(20);
    await clock.advance(20);
    expect((await done).outcome).toMatchObject({ value: "there" });
    expect(calls).toEqual([
      [1, 3, 0],
      [2, 3, 10],
      [3, 3, 30],
    ]);
  });

  it("throws what the last call threw, and an AbortTaskRunError at once", async () => {
    let calls = 0;
    const fail = (error: Error) => async () => {
      calls += 1;
      throw error;
    };
    const last = new Error("last");
    await expect(retry.onThrow(fail(last), { maxAttempts: 2, minTimeoutInMs: 0 })).rejects.toBe(last);
    expect(calls).toBe(2);
    await expect(retry.onThrow(fail(new AbortTaskRunError("stop")))).rejects.toThrow("stop");
    expect(calls).toBe(3);
  });
});

describe("locals", () => {
  it("keeps a value of each run apart, set in middleware and read below run", async () => {
    const user = locals.create<{ name: string }>("user");
    const greeting = async () => {
      await Promise.resolve();
      return `Hello ${locals.getOrThrow(user).name}`;
    };
    const greet = task({
      id: "greet",
      middleware: async ({ payload, next }) => {
        locals.set(user, payload as { name: string });
        await next();
      },
      run: async (_payload: { name: string }) => greeting(),
    });
    const both = await Promise.all([execute(greet, { name: "Ada" }), execute(greet, { name: "Bob" })]);
    expect(both.map(({ outcome }) => outcome.kind === "completed" && outcome.value)).toEqual([
      "Hello Ada",
      "Hello Bob",
    ]);
  });

  it("has nothing outside a run and says so where a value is needed", () => {
    const key = locals.create<number>("n");
    expect(locals.get(key)).toBeUndefined();
    expect(() => locals.getOrThrow(key)).toThrow('locals.getOrThrow("n")');
    expect(() => locals.set(key, 1)).toThrow("outside a run");
  });
});

describe("logger", () => {
  it("writes lines with their run, task and attempt, at the level of the config", async () => {
    const lines: LogLine[] = [];
    setLogSink((line) => lines.push(line));
    const talking = task({
      id: "talking",
      run: async () => {
        logger.debug("not shown");
        logger.log("shown", { rows: 2 });
        return logger.trace("step", async () => 5);
      },
    });
    const { outcome } = await execute(talking, undefined, { run: { id: "run_talking", attempt: 2 } });
    expect(outcome).toMatchObject({ value: 5 });
    expect(lines).toMatchObject([
      {
        level: "log",
        message: "shown",
        runId: "run_talking",
        task: "talking",
        attempt: 2,
        properties: { rows: 2 },
      },
    ]);
    useConfig({ project: "p", logLevel: "debug" });
    await execute(talking, undefined);
    expect(lines.map(({ message }) => message)).toEqual(["shown", "not shown", "shown", "step"]);
    useConfig({ project: "p", logLevel: "none" });
    logger.error("silent");
    expect(lines).toHaveLength(4);
  });

  it("never throws, whatever it is given", () => {
    const circular: Record<string, unknown> = { big: 1n, error: new Error("x") };
    setLogSink(() => {
      throw new Error("the sink is broken");
    });
    logger.error("fine", circular);
    const written: string[] = [];
    const original = process.stderr.write;
    process.stderr.write = ((text: string) => written.push(text) > 0) as typeof process.stderr.write;
    try {
      setLogSink(undefined);
      logger.error("first", circular);
      circular.self = circular;
      logger.error("second", circular);
    } finally {
      process.stderr.write = original;
    }
    expect(written.map((line) => JSON.parse(line))).toMatchObject([
      { message: "first", properties: { big: "1", error: { message: "x" } } },
      { message: "second", properties: { unprintable: true } },
    ]);
  });

  it("hands a span to the traced function, and prints what was set on it at its end", async () => {
    const lines: LogLine[] = [];
    setLogSink((line) => void lines.push(line));
    useConfig({ project: "p", logLevel: "debug" });
    const traced = logger.trace(
      "load",
      async (span) => {
        span.setAttribute("rows", 3).setAttributes({ table: "users" }).addEvent("connected");
        span.updateName("load users").setStatus({ code: 2 });
        throw new Error("lost");
      },
      { attributes: { by: "test" } },
    );
    await expect(traced).rejects.toThrow("lost");
    const span = logger.startSpan("by hand");
    expect(span.isRecording()).toBe(true);
    span.end();
    span.end();
    expect(span.isRecording()).toBe(false);
    expect(lines).toMatchObject([
      {
        level: "debug",
        message: "load users",
        properties: {
          attributes: { by: "test", rows: 3, table: "users" },
          events: ["connected"],
          status: { code: 2 },
          error: { message: "lost" },
        },
      },
      { level: "debug", message: "by hand" },
    ]);
  });
});
