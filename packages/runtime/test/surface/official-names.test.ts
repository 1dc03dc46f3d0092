import { join } from "node:path";
import * as v3 from "@runmeta/runtime/v3";
import { describe, expect, it } from "vitest";
import * as root from "../../src/index.ts";
import { isRunmetaError, type NotSupportedError } from "../../src/index.ts";
import { runProcess } from "../package/run-process.ts";

/** What works; every other function of the official SDK is refused. Members of a class are not looked at. */
const WORKING = new Set(
  `AbortTaskRunError ApiError AuthenticationError BadRequestError CompleteTaskWithOutput ConflictError
  InternalServerError NotFoundError OutOfMemoryError PermissionDeniedError RateLimitError SubtaskUnwrapError
  UnprocessableEntityError
  batch.retrieve batch.trigger batch.triggerAndWait batch.triggerByTask batch.triggerByTaskAndWait
  auth.configure auth.createBatchTriggerPublicToken auth.createPublicToken auth.createTriggerPublicToken auth.withAuth
  auth.withBatchTriggerPublicToken auth.withPublicToken auth.withTriggerPublicToken
  configure defineConfig queue schemaTask task
  heartbeats.getLastHeartbeat heartbeats.yield
  idempotencyKeys.create idempotencyKeys.reset
  locals.create locals.get locals.getOrThrow locals.set
  logger.debug logger.error logger.info logger.log logger.startSpan logger.trace logger.warn
  metadata.append metadata.current metadata.decrement metadata.del metadata.fetchStream metadata.flush metadata.get
  metadata.increment metadata.refresh metadata.remove metadata.replace metadata.save metadata.set metadata.stream
  ${["parent", "root"]
    .flatMap((relative) =>
      "append decrement del increment remove set stream update"
        .split(" ")
        .map((method) => `metadata.${relative}.${method}`),
    )
    .join(" ")}
  retry.fetch retry.onThrow
  runs.cancel runs.fetchStream runs.list runs.poll runs.replay runs.reschedule runs.retrieve
  runs.subscribeToBatch runs.subscribeToRun runs.subscribeToRunsWithTag
  sessions.close sessions.list sessions.retrieve sessions.start sessions.update
  streams.append streams.define streams.pipe streams.read streams.writer
  tags.add
  tasks.batchTrigger tasks.batchTriggerAndWait tasks.catchError tasks.handleError tasks.middleware tasks.onCancel
  tasks.onComplete tasks.onFailure tasks.onResume tasks.onStart tasks.onStartAttempt tasks.onSuccess tasks.onWait
  tasks.trigger tasks.triggerAndSubscribe tasks.triggerAndWait
  usage.getCurrent usage.measure
  wait.for wait.until`.split(/\s+/),
);

type Members = Readonly<Record<string, unknown>>;

function find(start: unknown, path: readonly string[]): unknown {
  return path.reduce((value, name) => (value as Members | undefined)?.[name], start);
}

// In a process of its own: vitest's conditions ask its dependencies for modules that only bundlers can read.
const printed = await runProcess(process.execPath, [join(import.meta.dirname, "print-official-names.mjs")]);
const official = JSON.parse(printed.stdout) as Readonly<
  Record<"root" | "v3", Readonly<Record<string, string>>>
>;
const names = Object.keys(official.root).filter((name) => official.root[name] === "function");

describe("the names of @trigger.dev/sdk 4.8.3", () => {
  it("are found in its root and in /v3 alike, and there are many", () => {
    expect(official.v3).toEqual(official.root);
    expect(names.length).toBeGreaterThan(250);
    expect([...WORKING].filter((name) => !names.includes(name))).toEqual([]);
  });

  it.each([...new Set(Object.keys(official.root).map((name) => name.split(".")[0] ?? name))])(
    "%s is exported by both entries",
    (name) => {
      expect(root).toHaveProperty(name);
      expect(find(v3, [name])).toBe(find(root, [name]));
    },
  );

  it.each(names.filter((name) => WORKING.has(name)))("%s works", (name) => {
    const ours = find(root, name.split("."));
    expect(typeof ours).toBe("function");
    // A refused one would say so for any property it is asked for.
    expect(find(ours, ["ofTheFuture"])).toBeUndefined();
  });

  it.each(names.filter((name) => !WORKING.has(name)))("%s is refused when it is called", (name) => {
    const ours = find(root, name.split("."));
    expect(typeof ours).toBe("function");
    let thrown: unknown;
    try {
      (ours as () => unknown)();
    } catch (error) {
      thrown = error;
    }
    expect(isRunmetaError(thrown)).toBe(true);
    const { code, feature, message } = thrown as NotSupportedError;
    expect({ code, feature }).toEqual({ code: "RUNMETA_NOT_SUPPORTED", feature: name });
    expect(message).toMatch(
      new RegExp(`^${name.replaceAll(".", "\\.")} is not supported by runmeta: .{10,}`),
    );
  });

  it.each(Object.keys(official.root).filter((name) => !names.includes(name)))(
    "%s, a value, is there",
    (name) => {
      expect(root).toHaveProperty(name.split(".").slice(0, -1));
      expect(typeof find(root, name.split("."))).toSatisfy(
        (type) => type === "function" || type === official.root[name],
      );
    },
  );
});

describe("a refused name", () => {
  it("is refused with new, and below whatever the official SDK adds to it", () => {
    expect(() => new root.TriggerClient({})).toThrow(
      "TriggerClient is not supported by runmeta: call configure(",
    );
    expect(() => root.schedules.task?.({ id: "nightly" })).toThrow("schedules.task is not supported");
    expect(() => root.runs.bulk.ofTheFuture?.()).toThrow("runs.bulk.ofTheFuture is not supported");
  });

  it("can be asked instanceof, awaited and printed", async () => {
    expect(new Error("boom") instanceof root.WebhookError).toBe(false);
    expect(await root.schedules).toBe(root.schedules);
    expect(String(root.schedules)).toBeTypeOf("string");
  });
});
