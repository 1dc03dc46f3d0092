import { afterEach, describe, expect, it } from "vitest";
import { AbortTaskRunError } from "../../src/errors.ts";
import { clearProcessRegistry } from "../../src/lifecycle/process-registry.ts";
import { task } from "../../src/lifecycle/task.ts";
import { tasks } from "../../src/lifecycle/tasks.ts";
import { useConfig } from "../../src/lifecycle/use-config.ts";
import { metadata } from "../../src/metadata.ts";
import type { Target } from "../../src/target/target.ts";
import { describeRun, execute } from "./execute.ts";

afterEach(clearProcessRegistry);

describe("failures", () => {
  it.each([
    ["a string", "a string", { name: "Error", message: "a string" }],
    ["nothing", undefined, { name: "Error", message: "undefined" }],
    ["an object", { code: 7 }, { name: "Error", message: '{"code":7}' }],
    ["a bigint", 7n, { name: "Error", message: "7" }],
    [
      "what cannot be read",
      new Proxy(
        {},
        {
          get: () => {
            throw new Error("trap");
          },
        },
      ),
      { name: "Error", message: "A value was thrown that cannot be described" },
    ],
  ])("describes %s that was thrown, and keeps it unchanged", async (_, thrown, error) => {
    const failing = task({
      id: "failing",
      run: async () => {
        throw thrown;
      },
    });
    const { outcome } = await execute(failing, undefined);
    expect(outcome).toMatchObject({ kind: "failed", error });
    expect(outcome.kind === "failed" && outcome.thrown === thrown).toBe(true);
  });

  it("L2 keeps the error of the task and what it wrote, also when the endpoint refuses everything", async () => {
    const failing = task({
      id: "failing",
      run: async () => {
        metadata.set("step", 1);
        throw new Error("from the task");
      },
    });
    const stored = await execute(failing, undefined);
    expect(stored).toMatchObject({
      outcome: { flushed: true, error: { message: "from the task" } },
      document: { step: 1 },
    });

    const { target } = await describeRun(undefined);
    const down: Target = {
      ...target,
      send: () => Promise.resolve({ kind: "refused", status: 400, message: "no" }),
    };
    const { outcome } = await execute(failing, undefined, { target: down });
    expect(outcome).toMatchObject({
      kind: "failed",
      error: { message: "from the task" },
      stats: { dropped: 1 },
    });
  });

  it("retries as the task says, else as the config says, else not", async () => {
    const fail = async () => {
      throw new Error("no");
    };
    const random = () => 0;
    const own = task({ id: "own", retry: { minTimeoutInMs: 7 }, run: fail });
    const none = task({ id: "none", run: fail });
    expect((await execute(own, undefined, { random })).outcome).toMatchObject({
      retryAfterMs: 7,
      reason: undefined,
    });
    expect((await execute(none, undefined)).outcome).toMatchObject({
      retryAfterMs: undefined,
      reason: "no-retry",
    });
    useConfig({ project: "p", retries: { default: { minTimeoutInMs: 9 } } });
    expect((await execute(none, undefined, { random })).outcome).toMatchObject({ retryAfterMs: 9 });
    useConfig({ project: "p", retries: { enabledInDev: false, default: {} } });
    expect((await execute(none, undefined)).outcome).toMatchObject({ reason: "retries-disabled" });
    const environment = { id: "env_1", slug: "prod", type: "PRODUCTION" } as const;
    expect((await execute(none, undefined, { random, run: { environment } })).outcome).toMatchObject({
      retryAfterMs: 1_000,
    });
  });

  it("asks catchError of the task first, then the global ones; the first answer decides and may replace the error", async () => {
    const asked: string[] = [];
    useConfig({ project: "p", catchError: () => void asked.push("config") });
    tasks.catchError("late", ({ retryDelayInMs, retry }) => {
      asked.push(`global ${retryDelayInMs} ${retry?.maxAttempts}`);
      return { skipRetrying: true, error: new Error("a better one") };
    });
    const failing = task({
      id: "failing",
      retry: { maxAttempts: 4, randomize: false },
      catchError: ({ error }) => {
        asked.push(String(error));
        if (asked.length > 10) return { skipRetrying: true };
        return undefined;
      },
      run: async () => {
        throw new Error("first");
      },
    });
    const { outcome } = await execute(failing, undefined);
    expect(asked).toEqual(["Error: first", "global 1000 4"]);
    expect(outcome).toMatchObject({ kind: "failed", reason: "skipped", error: { message: "a better one" } });
  });

  it("takes handleError as the former name of catchError", async () => {
    const failing = task({
      id: "failing",
      retry: {},
      handleError: () => ({ retryDelayInMs: 42 }),
      run: async () => {
        throw new Error("again");
      },
    });
    expect((await execute(failing, undefined)).outcome).toMatchObject({ retryAfterMs: 42 });
  });

  it("does not ask catchError about an error that ends the run, and takes a broken one as silent", async () => {
    let asked = 0;
    const aborting = task({
      id: "aborting",
      retry: {},
      catchError: () => {
        asked += 1;
        throw new Error("broken");
      },
      run: async (payload: { abort: boolean }) => {
        throw payload.abort ? new AbortTaskRunError("stop") : new Error("again");
      },
    });
    expect((await execute(aborting, { abort: true })).outcome).toMatchObject({ reason: "aborted" });
    expect(asked).toBe(0);
    const { outcome, warnings } = await execute(aborting, { abort: false }, { random: () => 0 });
    expect(outcome).toMatchObject({ retryAfterMs: 1_000, error: { message: "again" } });
    expect(warnings).toMatchObject([{ code: "HOOK_FAILED" }]);
  });
});
