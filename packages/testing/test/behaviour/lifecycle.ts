import { AbortTaskRunError, defineConfig, metadata, runs, task, wait } from "@runmeta/runtime";
import { mockRun, runTask } from "../../src/index.ts";
import type { Behaviour } from "./behaviour.ts";

const echo = task({ id: "behaviour-echo", run: (payload: unknown) => payload });

const flaky = task({
  id: "behaviour-flaky",
  retry: { maxAttempts: 3, minTimeoutInMs: 30_000, randomize: false },
  run: (succeedAt: number, { ctx }) => {
    metadata.increment("calls").append("attempts", ctx.attempt.number);
    if (ctx.attempt.number < succeedAt) throw new Error(`attempt ${ctx.attempt.number}`);
    return metadata.current();
  },
});

const resetting = task({
  id: "behaviour-resetting",
  retry: { maxAttempts: 2, minTimeoutInMs: 1_000, randomize: false },
  metadata: { onRetry: "reset" },
  run: (_: unknown, { ctx }) => {
    metadata.increment("n");
    if (ctx.attempt.number === 1) throw new Error("first");
  },
});

const hooked = task({
  id: "behaviour-hooked",
  retry: { maxAttempts: 2, minTimeoutInMs: 1_000, randomize: false },
  onStart: () => void metadata.append("order", "start"),
  onSuccess: () => void metadata.append("order", "success"),
  onFailure: () => void metadata.append("order", "failure"),
  onComplete: () => void metadata.append("order", "complete"),
  run: (fails: boolean) => {
    metadata.append("order", "run");
    if (fails) throw new Error("fails");
  },
});

export const lifecycle: readonly Behaviour[] = [
  {
    name: "a task: payload and output travel as packets",
    async observe({ backend }) {
      const sent = { at: new Date(0), set: new Set([1]), map: new Map([["a", 1n]]), u: undefined };
      const run = await runTask(echo, sent, { backend });
      return [run.status, run.output];
    },
    expected: ["COMPLETED", { at: new Date(0), set: new Set([1]), map: new Map([["a", 1n]]), u: undefined }],
  },
  {
    name: "a task: the next attempt goes on with what is stored, after its wait",
    async observe({ backend }) {
      const run = await runTask(flaky, 3, { backend });
      const at = run.timeline
        .filter(({ operation }) => operation.type === "increment")
        .map((change) => change.at);
      return [run.status, run.attempts, run.metadata, run.output, at];
    },
    expected: [
      "COMPLETED",
      3,
      { calls: 3, attempts: [1, 2, 3] },
      { calls: 3, attempts: [1, 2, 3] },
      [0, 30_000, 90_000],
    ],
  },
  {
    name: "a task: fails after its last attempt with what was thrown",
    async observe({ backend }) {
      const run = await runTask(flaky, 9, { backend, attempts: 2 });
      return [run.status, run.attempts, (run.error as Error).message, run.metadata];
    },
    expected: ["FAILED", 2, "attempt 2", { calls: 2, attempts: [1, 2] }],
  },
  {
    name: "a task: AbortTaskRunError ends it at once",
    async observe({ backend }) {
      const aborting = task({
        id: "behaviour-aborting",
        retry: { maxAttempts: 5 },
        run: () => {
          throw new AbortTaskRunError("give up");
        },
      });
      const run = await runTask(aborting, undefined, { backend });
      return [run.status, run.attempts];
    },
    expected: ["FAILED", 1],
  },
  {
    name: "a task: onRetry reset starts over",
    async observe({ backend }) {
      const run = await runTask(resetting, undefined, { backend, metadata: { n: 5 } });
      return [run.status, run.metadata];
    },
    expected: ["COMPLETED", { n: 6 }],
  },
  ...[false, true].map(
    (fails): Behaviour => ({
      name: `a task: hooks of one that ${fails ? "fails" : "succeeds"} write to its document`,
      async observe({ backend }) {
        const config = defineConfig({ project: "p", onStart: () => void metadata.append("order", "config") });
        const run = await runTask(hooked, fails, { backend, config });
        return [
          run.metadata.order,
          run.hooks.map(({ hook, source, attempt }) => `${attempt} ${source} ${hook}`),
        ];
      },
      expected: fails
        ? [
            ["config", "start", "run", "run", "failure", "complete"],
            ["1 config onStart", "1 task onStart", "2 task onFailure", "2 task onComplete"],
          ]
        : [
            ["config", "start", "run", "success", "complete"],
            ["1 config onStart", "1 task onStart", "1 task onSuccess", "1 task onComplete"],
          ],
    }),
  ),
  {
    name: "a task: wait.for takes no time, and its writes leave meanwhile",
    async observe({ backend }) {
      const waiting = task({
        id: "behaviour-waiting",
        run: async () => {
          metadata.set("step", 1);
          await wait.for({ hours: 5 });
          metadata.set("step", 2);
        },
      });
      const run = await runTask(waiting, undefined, { backend });
      return [run.timeline.map(({ at }) => at), run.stored.map(({ at }) => at), run.metadata];
    },
    expected: [[0, 18_000_000], [250, 18_000_000], { step: 2 }],
  },
  {
    name: "a task: maxDuration",
    async observe({ backend }) {
      const long = task({ id: "behaviour-long", maxDuration: 60, run: () => wait.for({ days: 1 }) });
      const run = await runTask(long, undefined, { backend });
      return [run.status, (run.error as { code?: string }).code];
    },
    expected: ["TIMED_OUT", "RUNMETA_MAX_DURATION"],
  },
  {
    name: "a task: a signal cancels it, and what it wrote is kept",
    async observe({ backend }) {
      const abort = new AbortController();
      const cancelled = task({
        id: "behaviour-cancelled",
        run: async (_: unknown, { signal }) => {
          metadata.set("begun", true);
          abort.abort();
          await new Promise((resolve) => {
            if (signal.aborted) resolve(0);
            else signal.addEventListener("abort", resolve);
          });
        },
        onCancel: () => void metadata.set("cancelled", true),
      });
      const run = await runTask(cancelled, undefined, { backend, signal: abort.signal });
      return [run.status, run.metadata, run.hooks.map(({ hook }) => hook)];
    },
    expected: ["CANCELED", { begun: true, cancelled: true }, ["onCancel"]],
  },
  {
    name: "a run: the code's result, and the run's end",
    async observe({ backend }) {
      const run = await mockRun({ backend, task: "mine", tags: ["t"] }, ({ attempt }) => [attempt]);
      return [run.result, run.status, run.task, run.attempts];
    },
    expected: [[1], "COMPLETED", "mine", 1],
  },
  {
    name: "a run: what the code throws is thrown",
    async observe({ backend }) {
      const thrown = new Error("assertion");
      const running = mockRun({ backend }, () => {
        throw thrown;
      });
      return running.then(
        () => "nothing",
        (error) => error === thrown,
      );
    },
    expected: true,
  },
  {
    name: "a run: can be retrieved while it runs",
    async observe({ backend }) {
      const run = await mockRun({ backend, task: "mine", tags: ["b", "a"] }, async (current) => {
        metadata.set("step", 1);
        await metadata.flush();
        const seen = await runs.retrieve(current.id);
        return [seen.status, seen.metadata, seen.taskIdentifier, seen.tags, seen.isExecuting];
      });
      return run.result;
    },
    expected: ["EXECUTING", { step: 1 }, "mine", ["a", "b"], true],
  },
  {
    name: "a run: refresh reads what others stored",
    async observe({ backend }) {
      const run = await mockRun({ backend }, async (current) => {
        metadata.set("own", 1);
        await metadata.flush();
        await runs.retrieve(current.id);
        await metadata.refresh();
        return metadata.current();
      });
      return run.result;
    },
    expected: { own: 1 },
  },
  {
    name: "a run: never goes on with what another test wrote under its id",
    async observe({ backend }) {
      const id = `run_${crypto.randomUUID().slice(0, 8)}`;
      const write = () => void metadata.increment("n");
      await mockRun({ backend, id }, write);
      const again = mockRun({ backend, id }, write);
      const task = runTask(echo, 1, { backend, id });
      const outcome = (run: Promise<{ metadata: unknown }>) =>
        run.then(
          (ended) => ended.metadata,
          (error: Error) => error.message.replace(id, "ID"),
        );
      return [await outcome(again), await outcome(task)];
    },
    expected: [{ n: 1 }, {}],
    except: {
      server: {
        why: "the runs of a process share one server",
        expected: Array(2).fill(
          "a run ID is on the server of this process already: leave out its id, or use another one in each test",
        ),
      },
    },
  },
  {
    name: "runs side by side never see each other",
    async observe({ backend, endpoint }) {
      const shared = endpoint();
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          mockRun(index % 2 === 0 ? { backend } : { endpoint: shared }, async () => {
            metadata.set("index", index);
            await new Promise((resolve) => setTimeout(resolve, index % 3));
            metadata.increment("seen");
            return metadata.get("index");
          }),
        ),
      );
      return all.every(
        (run, index) => run.result === index && run.metadata.index === index && run.metadata.seen === 1,
      );
    },
    expected: true,
  },
  {
    name: "tasks side by side, with retries, never see each other",
    async observe({ backend, endpoint }) {
      const shared = endpoint();
      const all = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          runTask(flaky, 1 + (index % 3), {
            ...(index % 2 === 0 ? { backend } : { endpoint: shared }),
            metadata: { index },
          }),
        ),
      );
      return all.map(({ status, metadata: { index, calls } }) => [status, index, calls]);
    },
    expected: Array.from({ length: 12 }, (_, index) => ["COMPLETED", index, 1 + (index % 3)]),
  },
];
