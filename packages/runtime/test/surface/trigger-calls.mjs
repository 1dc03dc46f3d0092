// Makes the same calls with whatever SDK it is given. Run as a script, it does so with the official one.
import { pathToFileURL } from "node:url";

/** Calls that send something, in a fixed order. */
export async function makeCalls(sdk, baseURL) {
  const { batch, configure, idempotencyKeys, queue, runs, schemaTask, task, tasks } = sdk;
  configure({ baseURL, accessToken: "tr_dev_calls" });

  const mails = queue({ name: "mails", concurrencyLimit: 2 });
  const mail = task({ id: "mail", queue: mails, run: async () => {} });
  const plain = task({ id: "plain", run: async () => {} });
  const checked = schemaTask({ id: "checked", run: async () => {} });
  const global = await idempotencyKeys.create(["order", "1"], { scope: "global" });
  const all = {
    metadata: { progress: 0, at: new Date(0), user: { name: "Ada", tags: ["a"] } },
    tags: ["one", "two"],
    idempotencyKey: global,
    idempotencyKeyTTL: "12h",
    delay: "1h",
    ttl: 600,
    maxAttempts: 4,
    maxDuration: 300,
    concurrencyKey: "user_1",
    priority: 10,
    machine: "small-1x",
    region: "eu-central-1",
    version: "20261125.1",
    debounce: { key: "k", delay: "5s", mode: "leading" },
  };

  await plain.trigger({ at: new Date(0), set: new Set([1]), none: undefined });
  await plain.trigger("just text");
  await plain.trigger();
  await plain.trigger(null, {});
  await plain.trigger({ n: 1 }, all);
  await plain.trigger(
    { n: 2 },
    { idempotencyKey: "plain key", tags: "one", queue: "other", delay: new Date(0) },
  );
  await plain.trigger({ n: 3 }, { idempotencyKey: ["a", "b"] });
  await mail.trigger({ to: "ada" });
  await mail.trigger({ to: "ada" }, { queue: "urgent" });
  await checked.trigger({ n: 4 });
  await tasks.trigger("elsewhere", { n: 5 }, { tags: ["x"] });

  await plain.batchTrigger([{ payload: { n: 6 } }, { payload: "text", options: all }]);
  await mail.batchTrigger([{ payload: { to: "bob" } }, { payload: {}, options: { queue: "urgent" } }]);
  await tasks.batchTrigger("elsewhere", [{ payload: 1 }], {
    idempotencyKey: "batch key",
    idempotencyKeyTTL: "1d",
  });
  await batch.trigger([
    { id: "elsewhere", payload: { n: 7 }, options: { tags: "x" } },
    { id: "other", payload: { n: 8 } },
    { id: "elsewhere", payload: { n: 9 }, options: { idempotencyKey: "own key" } },
  ]);
  await batch.triggerByTask([
    { task: plain, payload: { n: 10 } },
    { task: checked, payload: { n: 11 } },
  ]);
  await plain.batchTrigger(
    (async function* () {
      yield { payload: { n: 12 } };
      yield { payload: { n: 13 } };
    })(),
  );

  await runs.cancel("run_1");
  await runs.replay("run_1");
  await runs.replay("run_1", {
    payload: { at: new Date(0) },
    tags: ["again"],
    maxAttempts: 2,
    metadata: { a: 1 },
  });
  await idempotencyKeys.reset("plain", global);
  await idempotencyKeys.reset("plain", "plain key", { scope: "global" });
  await idempotencyKeys.reset("plain", ["a", "b"], { scope: "run", parentRunId: "run_p" });
  await idempotencyKeys.reset("plain", "a", { scope: "attempt", parentRunId: "run_p", attemptNumber: 2 });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  await makeCalls(await import("@trigger.dev/sdk"), process.argv[2]);
