/**
 * What the official documentation shows for triggering, batches, idempotency, retries, hooks, schemas, queues and errors,
 * as far as it is supported: it must compile under `strict`, here and where the package is installed under the official
 * name, and it runs against a server.
 */

import {
  AbortTaskRunError,
  ApiError,
  batch,
  type Context,
  defineConfig,
  idempotencyKeys,
  locals,
  logger,
  metadata,
  NotFoundError,
  queue,
  retry,
  runs,
  SubtaskUnwrapError,
  schemaTask,
  tags,
  task,
  tasks,
  timeout,
  usage,
  wait,
} from "@runmeta/runtime";
import { z } from "zod";

interface Database {
  readonly query: (text: string) => Promise<number>;
}

const database = locals.create<Database>("database");
export const events: string[] = [];

tasks.middleware("database", async ({ next }) => {
  locals.set(database, { query: async (text) => text.length });
  await next();
});
tasks.onStartAttempt("attempts", ({ ctx, task: id }) => {
  events.push(`${id} attempt ${ctx.attempt.number}`);
});
tasks.onFailure(({ error }) => {
  logger.warn("failed", { error });
});

export const config = defineConfig({
  project: "proj_1234",
  runtime: "node",
  dirs: ["./trigger"],
  logLevel: "error",
  maxDuration: 3600,
  retries: { enabledInDev: true, default: { maxAttempts: 1, minTimeoutInMs: 1, maxTimeoutInMs: 10 } },
});

const emails = queue({ name: "emails", concurrencyLimit: 10 });

export const sendEmail = schemaTask({
  id: "send-email",
  queue: emails,
  schema: z.object({ to: z.string(), at: z.coerce.date<string>().optional() }),
  run: async ({ to, at }, { ctx }: { ctx: Context }) => ({ to, year: at?.getUTCFullYear(), run: ctx.run.id }),
});

export const flaky = task({
  id: "flaky",
  retry: { maxAttempts: 3, factor: 1.8, minTimeoutInMs: 1, maxTimeoutInMs: 5, randomize: false },
  init: async () => ({ startedBy: "init" }),
  run: async (payload: { failures: number; message: string }, { ctx, init }) => {
    if (ctx.attempt.number <= payload.failures) throw new Error(payload.message);
    return { attempt: ctx.attempt.number, startedBy: init?.startedBy };
  },
  catchError: async ({ error, retryAt }) => {
    if (error instanceof Error && error.message === "hopeless") return { skipRetrying: true };
    logger.info("trying again", { retryAt });
    return undefined;
  },
});

export const aborts = task({
  id: "aborts",
  retry: { maxAttempts: 5 },
  run: async () => {
    throw new AbortTaskRunError("no point in going on");
  },
});

export const parent = task({
  id: "parent",
  maxDuration: timeout.None,
  run: async (payload: { count: number }, { signal }) => {
    metadata.set("status", "started").set("count", payload.count);
    await tags.add(["documentation", `count_${payload.count}`]);
    const rows = await locals.getOrThrow(database).query("select 1");

    // One child, unwrapped; the same key gives the same child in a later attempt.
    const key = await idempotencyKeys.create("first-email");
    const first = await sendEmail
      .triggerAndWait({ to: "ada" }, { idempotencyKey: key, tags: "first" })
      .unwrap();

    // A child that fails is a result, or an error where it is unwrapped.
    const failed = await flaky.triggerAndWait({ failures: 9, message: "hopeless" });
    let unwrapped = "nothing thrown";
    try {
      await aborts.triggerAndWait().unwrap();
    } catch (error) {
      if (error instanceof SubtaskUnwrapError)
        unwrapped = `${error.taskId} ${(error.cause as Error).message}`;
    }

    // Many children.
    const payloads = Array.from({ length: payload.count }, (_, n) => ({ payload: { to: `user_${n}` } }));
    const { runs: sent } = await sendEmail.batchTriggerAndWait(payloads);
    const receivers = sent.filter((run) => run.ok).map((run) => run.output.to);

    // Children of several tasks.
    const mixed = await batch.triggerByTaskAndWait([
      { task: sendEmail, payload: { to: "bob", at: "2026-01-01" } },
      { task: flaky, payload: { failures: 1, message: "once" } },
    ]);
    const [email, second] = mixed.runs;
    const year = email.ok ? email.output.year : undefined;
    const attempt = second.ok ? second.output.attempt : undefined;

    const value = await retry.onThrow(
      async ({ attempt: tried }) => {
        if (tried < 3) throw new Error("not yet");
        return tried;
      },
      { maxAttempts: 3, minTimeoutInMs: 1, randomize: false },
    );
    await wait.for({ seconds: 0 });
    const { result, compute } = await usage.measure(async () => rows + value);
    await logger.trace("sum", async (span) => {
      span.setAttribute("result", result);
    });
    metadata.set("status", "done").increment("sum", result);
    return {
      first: first.to,
      failed: failed.ok,
      unwrapped,
      receivers,
      year,
      attempt,
      result,
      measured: compute.durationMs >= 0,
      aborted: signal.aborted,
    };
  },
});

/** What a backend does: it knows the tasks by their types only. */
export async function backend() {
  const handle = await tasks.trigger<typeof parent>(
    "parent",
    { count: 2 },
    { tags: ["user:1", "org:2"], metadata: { by: "backend" }, priority: 5, ttl: "1h" },
  );
  const run = await runs.poll(handle, { pollIntervalMs: 100 });

  const delayed = await sendEmail.trigger({ to: "later" }, { delay: "1h" });
  await runs.reschedule(delayed.id, { delay: new Date(Date.now() + 7_200_000) });
  await runs.cancel(delayed.id);
  const cancelled = await runs.retrieve<typeof sendEmail>(delayed.id);

  const several = await batch.trigger<typeof sendEmail | typeof flaky>([
    { id: "send-email", payload: { to: "eve" } },
    { id: "flaky", payload: { failures: 0, message: "" }, options: { maxAttempts: 2 } },
  ]);
  const { runCount } = await batch.retrieve(several.batchId);

  const once = { idempotencyKey: await idempotencyKeys.create(["order", "1"], { scope: "global" }) };
  const one = await sendEmail.trigger({ to: "once" }, once);
  const same = await sendEmail.trigger({ to: "once" }, once);
  await idempotencyKeys.reset("send-email", once.idempotencyKey);
  const other = await sendEmail.trigger({ to: "once" }, once);
  const replayed = await runs.replay(one.id);

  const listed: string[] = [];
  for await (const item of runs.list({ tag: "user:1", taskIdentifier: ["parent"], limit: 10 }))
    listed.push(item.id);

  let missing = "found";
  try {
    await runs.retrieve("run_missing");
  } catch (error) {
    if (error instanceof NotFoundError && error instanceof ApiError) missing = `status ${error.status}`;
  }
  return {
    output: run.output,
    status: run.status,
    tags: [...run.tags].sort(),
    metadata: run.metadata,
    cancelled: cancelled.isCancelled,
    runCount,
    idempotent: one.id === same.id && one.id !== other.id && replayed.id !== one.id,
    listed: listed.length === 1 && listed[0] === handle.id,
    missing,
  };
}
