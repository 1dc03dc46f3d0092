import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ApiClient } from "../../src/client/api-client.ts";
import { configure } from "../../src/client/configure.ts";
import { ConfigError, TaskNotFoundError } from "../../src/errors.ts";
import { batch } from "../../src/lifecycle/batch.ts";
import { defineConfig } from "../../src/lifecycle/config.ts";
import { clearProcessRegistry } from "../../src/lifecycle/process-registry.ts";
import { queue } from "../../src/lifecycle/queue.ts";
import { schemaTask } from "../../src/lifecycle/schema-task.ts";
import { task } from "../../src/lifecycle/task.ts";
import { findTask, registeredTasks, requireTask } from "../../src/lifecycle/task-registry.ts";
import { tasks } from "../../src/lifecycle/tasks.ts";
import { currentConfig, useConfig } from "../../src/lifecycle/use-config.ts";
import { metadata } from "../../src/metadata.ts";
import { type Script, scriptedServer, TOKEN } from "../client/scripted-server.ts";
import { execute } from "./execute.ts";

afterEach(clearProcessRegistry);

describe("task", () => {
  it("is found by its id, and a second definition takes the place of the first", async () => {
    task({ id: "a", run: async () => 1 });
    const second = task({ id: "a", run: async () => 2 });
    expect(registeredTasks().map(({ id }) => id)).toEqual(["a"]);
    expect((await execute(second, undefined)).outcome).toMatchObject({ value: 2 });
    expect(findTask("b")).toBeUndefined();
    expect(() => requireTask("b")).toThrow(TaskNotFoundError);
  });

  it("keeps its settings for engines", () => {
    const mails = queue({ name: "mails", concurrencyLimit: 2 });
    task({ id: "a", queue: mails, ttl: "10m", maxDuration: 3, run: async () => {} });
    expect(requireTask("a").settings).toMatchObject({ queue: mails, ttl: "10m", maxDuration: 3 });
  });

  it.each([
    [{ id: "", run: async () => {} }, "id must be a non-empty string"],
    [{ id: "a", run: 1 }, 'task "a": run must be a function'],
    [{ id: "a", run: async () => {}, maxDuration: 0 }, "maxDuration must be a number of seconds"],
    [{ id: "a", run: async () => {}, retry: { factor: 0 } }, "retry.factor"],
  ])("refuses %j", (options, message) => {
    expect(() => task(options as never)).toThrow(message);
    expect(registeredTasks()).toEqual([]);
  });

  it("runs a synchronous function as well", async () => {
    expect((await execute(task({ id: "sync", run: () => 3 }), undefined)).outcome).toMatchObject({
      value: 3,
    });
  });
});

describe("config", () => {
  it("is checked when it is defined, and registered by useConfig only", () => {
    const config = defineConfig({ project: "p", retries: { default: { maxAttempts: 2 } } });
    expect(currentConfig()).toBeUndefined();
    useConfig(config);
    expect(currentConfig()).toBe(config);
    useConfig(undefined);
    expect(currentConfig()).toBeUndefined();
    expect(() => defineConfig({ project: "p", maxDuration: -1 })).toThrow(ConfigError);
    expect(() => defineConfig({} as never)).toThrow("project must be a string");
    expect(() => defineConfig({ project: "p", retries: { default: { maxAttempts: 0 } } })).toThrow(
      "retry.maxAttempts",
    );
  });

  it("limits metadata; a task's own option wins over it", async () => {
    useConfig({ project: "p", metadata: { maximumSize: 20 } });
    const run = async () => void metadata.set("key", "longer than twenty bytes");
    const small = task({ id: "small", run });
    const large = task({ id: "large", run, metadata: { maximumSize: 2_000 } });
    expect((await execute(small, undefined)).outcome).toMatchObject({ error: { name: "MetadataSizeError" } });
    expect((await execute(large, undefined)).outcome.kind).toBe("completed");
  });
});

/** Answers triggers and results as the API does. */
const api: Script = ({ method, path, body }) => {
  if (path.endsWith("/trigger")) return { body: { id: "run_child", isCached: false } };
  if (path.endsWith("/result")) {
    return { body: { ok: true, output: '{"json":{"size":7}}', outputType: "application/super+json" } };
  }
  if (path === "/api/v3/batches")
    return { status: 202, body: { id: "batch_1", runCount: 2, isCached: false } };
  if (path.endsWith("/items")) {
    return {
      body: { id: "batch_1", itemsAccepted: body.split("\n").length - 1, itemsDeduplicated: 0, sealed: true },
    };
  }
  if (method === "GET" && path === "/api/v2/batches/batch_1") {
    const at = new Date(0).toISOString();
    const runs = ["run_1", "run_2"];
    return {
      body: {
        id: "batch_1",
        status: "PENDING",
        createdAt: at,
        updatedAt: at,
        runCount: 2,
        runs,
        processing: { errors: [] },
      },
    };
  }
  return { status: 404, body: { error: "Not found" } };
};

describe("triggering", () => {
  it("triggers by the task and by its id, and waits for the result", async () => {
    await using server = await scriptedServer(api);
    const child = task({ id: "child", run: async (payload: { n: number }) => ({ size: payload.n }) });
    expect(await child.trigger({ n: 1 }, { tags: "a" })).toMatchObject({
      id: "run_child",
      taskIdentifier: "child",
    });
    expect(await child.triggerAndWait({ n: 1 }).unwrap()).toEqual({ size: 7 });
    expect(await tasks.trigger<typeof child>("child", { n: 1 })).toMatchObject({ id: "run_child" });
    expect(await tasks.triggerAndWait<typeof child>("child", { n: 1 })).toMatchObject({
      ok: true,
      output: { size: 7 },
    });
    expect(server.requests.map(({ path }) => path)).toContain("/api/v1/tasks/child/trigger");
  });

  it("sends nothing for a payload that the task's schema refuses, and names what is wrong", async () => {
    await using server = await scriptedServer(api);
    const schema = z.object({ to: z.string().transform((text) => text.length) });
    const mail = schemaTask({ id: "mail", schema, run: async () => {} });
    const wrong = { to: 1 } as never;
    const items = [{ payload: { to: "Ada" } }, { payload: wrong }];
    for (const call of [
      () => mail.trigger(wrong),
      () => mail.triggerAndWait(wrong),
      () => mail.triggerAndWait(wrong).unwrap(),
      () => mail.triggerAndSubscribe(wrong),
      () => mail.batchTrigger(items),
      () => mail.batchTriggerAndWait(items),
      () => batch.triggerByTask([{ task: mail, payload: wrong }]),
      () => batch.trigger<typeof mail>([{ id: "mail", payload: wrong }]),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: "RUNMETA_TASK_PAYLOAD",
        message: expect.stringMatching(/^Invalid payload for task "mail": to: .*string/),
      });
    }
    expect(server.requests).toEqual([]);
  });

  it("sends a payload as it was given, since the run parses it", async () => {
    await using server = await scriptedServer(api);
    const schema = z.object({ to: z.string().transform((text) => text.length) });
    const mail = schemaTask({ id: "mail", schema, run: async () => {} });
    await mail.trigger({ to: "Ada" });
    expect(await mail.triggerAndWait({ to: "Ada" })).toMatchObject({ ok: true });
    // Its task may be defined elsewhere, with another schema.
    await tasks.trigger<typeof mail>("mail", { to: 1 } as never);
    const payloads = server.requests
      .filter(({ path }) => path.endsWith("/trigger"))
      .map(({ json }) => (json as { payload: string }).payload);
    expect(payloads.map((payload) => JSON.parse(payload))).toEqual([
      { json: { to: "Ada" } },
      { json: { to: "Ada" } },
      { json: { to: 1 } },
    ]);
  });

  it("sends the ttl and the queue of the task's definition, unless the caller names others", async () => {
    await using server = await scriptedServer(api);
    useConfig({ project: "p", ttl: "1h" });
    const child = task({ id: "child", queue: { name: "mails" }, run: async () => {} });
    await child.trigger();
    await tasks.trigger<typeof child>("child", undefined, { ttl: 5, queue: "other" });
    await child.batchTrigger([{ payload: undefined }, { payload: undefined }]);
    expect(server.requests[0]?.json).toMatchObject({ options: { ttl: "1h", queue: { name: "mails" } } });
    expect(server.requests[1]?.json).toMatchObject({ options: { ttl: 5, queue: { name: "other" } } });
    const items =
      server.requests
        .find(({ path }) => path.endsWith("/items"))
        ?.body.trim()
        .split("\n") ?? [];
    expect(items.map((line) => JSON.parse(line).options.ttl)).toEqual(["1h", "1h"]);
  });

  it("triggers batches by the task and by its id", async () => {
    await using _server = await scriptedServer(api);
    const child = task({ id: "child", run: async (payload: number) => ({ size: payload }) });
    const items = [{ payload: 1 }, { payload: 2 }];
    expect(await child.batchTrigger(items)).toMatchObject({
      batchId: "batch_1",
      runs: [{ id: "run_1" }, { id: "run_2" }],
    });
    expect(await tasks.batchTrigger<typeof child>("child", items)).toMatchObject({ batchId: "batch_1" });
    const { runs } = await child.batchTriggerAndWait(items);
    expect(runs.map((run) => run.ok && run.output)).toEqual([{ size: 7 }, { size: 7 }]);
    expect((await tasks.batchTriggerAndWait<typeof child>("child", items)).runs).toHaveLength(2);
  });

  it("inside a run, uses the run's client, makes it the parent, and tells hooks and engine that it waits", async () => {
    await using server = await scriptedServer(api);
    configure({ baseURL: "http://127.0.0.1:1", accessToken: "tr_dev_other" });
    const told: string[] = [];
    const child = task({ id: "child", run: async () => ({ size: 1 }) });
    const parent = task({
      id: "parent",
      run: async () => {
        metadata.set("passed", "on");
        const { size } = await child.triggerAndWait(undefined, { metadata: metadata.current() }).unwrap();
        return size;
      },
      onWait: ({ wait }) => void told.push(`onWait ${wait.type}`),
      onResume: ({ wait }) => void told.push(`onResume ${wait.type === "task" && wait.runId}`),
    });
    const { outcome } = await execute(parent, undefined, {
      run: { id: "run_parent" },
      client: new ApiClient({ baseURL: server.url, accessToken: TOKEN }),
      onWait: () => void told.push("engine frees the place"),
      onResume: () => void told.push("engine takes it back"),
    });
    expect(outcome).toMatchObject({ kind: "completed", value: 7 });
    expect(server.requests[0]?.json).toMatchObject({
      options: { parentRunId: "run_parent", metadata: { passed: "on" } },
    });
    expect(told).toEqual([
      "onWait task",
      "engine frees the place",
      "engine takes it back",
      "onResume run_child",
    ]);
  });
});
