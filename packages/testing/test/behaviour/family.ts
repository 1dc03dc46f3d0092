import { idempotencyKeys, metadata, type Task, task, tasks, wait } from "@runmeta/runtime";
import { mockRun, runTask } from "../../src/index.ts";
import type { Behaviour } from "./behaviour.ts";

const child = task({
  id: "behaviour-child",
  retry: { maxAttempts: 2, minTimeoutInMs: 1_000, randomize: false },
  run: async (payload: { n: number }, { ctx }) => {
    metadata.set("n", payload.n);
    metadata.parent.increment("sum", payload.n);
    metadata.root.append("seen", payload.n);
    await wait.for({ minutes: payload.n });
    if (payload.n > 8) throw new Error(`too much, attempt ${ctx.attempt.number}`);
    return { doubled: payload.n * 2, at: new Date(payload.n) };
  },
});

export const family: readonly Behaviour[] = [
  {
    name: "children: triggerAndWait gives the output, and their writes arrive",
    async observe({ backend }) {
      const run = await mockRun({ backend, metadata: { own: true } }, async () => {
        const result = await child.triggerAndWait({ n: 2 });
        return result.ok && result.output;
      });
      const [first] = run.children;
      return [run.result, run.metadata, first?.status, first?.metadata, first?.parent?.id === run.id];
    },
    expected: [
      { doubled: 4, at: new Date(2) },
      { own: true, sum: 2, seen: [2] },
      "COMPLETED",
      { n: 2 },
      true,
    ],
    except: {
      "trigger.dev": {
        why: "without the calls for workers an output is read as plain JSON: a date is its text",
        expected: [
          { doubled: 4, at: "1970-01-01T00:00:00.002Z" },
          { own: true, sum: 2, seen: [2] },
          "COMPLETED",
          { n: 2 },
          true,
        ],
      },
    },
  },
  {
    name: "children: payloads travel as packets",
    async observe({ backend }) {
      const got: unknown[] = [];
      const reading = task({ id: "behaviour-reading", run: (payload: unknown) => void got.push(payload) });
      const sent = {
        at: new Date(5),
        map: new Map([["big", 2n ** 70n]]),
        none: undefined,
        list: [undefined],
      };
      await mockRun({ backend }, () => reading.triggerAndWait(sent).then(() => {}));
      return [got, Object.hasOwn(Object(got[0]), "none"), got[0] === sent];
    },
    expected: [
      [{ at: new Date(5), map: new Map([["big", 2n ** 70n]]), none: undefined, list: [undefined] }],
      true,
      false,
    ],
  },
  {
    name: "children: what would put a child off does not: it starts at once",
    async observe({ backend }) {
      const run = await mockRun({ backend }, async () => {
        await child.trigger({ n: 1 }, { delay: "1h", ttl: "10m" });
        await child.trigger({ n: 2 }, { debounce: { key: "d", delay: "5s" } });
        await child.batchTrigger([{ payload: { n: 3 }, options: { delay: "1h" } }]);
      });
      return [run.children.map(({ status }) => status), run.metadata.sum];
    },
    expected: [["COMPLETED", "COMPLETED", "COMPLETED"], 6],
  },
  {
    name: "children: a global idempotency key means the same run in one test only",
    async observe({ backend, endpoint }) {
      const key = await idempotencyKeys.create("everywhere", { scope: "global" });
      const twice = async () => {
        const first = await child.trigger({ n: 1 }, { idempotencyKey: key });
        const second = await child.trigger({ n: 1 }, { idempotencyKey: key });
        return [first.isCached, second.isCached, second.id === first.id];
      };
      const run = await mockRun({ endpoint: endpoint() }, twice);
      const other = await mockRun({ backend }, twice);
      return [run.result, run.children.length, other.result, other.children.length];
    },
    expected: [[false, true, true], 1, [false, true, true], 1],
  },
  {
    name: "children: one that fails is a result, after its attempts",
    async observe({ backend }) {
      const run = await mockRun({ backend }, async () => {
        const result = await child.triggerAndWait({ n: 9 });
        return result.ok ? "ok" : (result.error as Error).message;
      });
      return [run.result, run.children.map(({ status, attempts }) => [status, attempts]), run.metadata];
    },
    expected: ["too much, attempt 2", [["FAILED", 2]], { sum: 18, seen: [9, 9] }],
  },
  {
    name: "children: that nobody waits for have ended with the run",
    async observe({ backend }) {
      const run = await mockRun({ backend }, async () => (await child.trigger({ n: 1 })).id);
      return [run.children.map(({ id, status }) => [id === run.result, status]), run.metadata];
    },
    expected: [[[true, "COMPLETED"]], { sum: 1, seen: [1] }],
  },
  {
    name: "children: of a batch, in order",
    async observe({ backend }) {
      const run = await mockRun({ backend }, async () => {
        const { runs } = await child.batchTriggerAndWait([{ payload: { n: 3 } }, { payload: { n: 1 } }]);
        return runs.map((result) => result.ok && result.output.doubled);
      });
      return [run.result, run.metadata.sum, run.children.length];
    },
    expected: [[6, 2], 4, 2],
  },
  {
    name: "children: metadata and tags of a trigger",
    async observe({ backend }) {
      const run = await mockRun({ backend, metadata: { not: "passed on" } }, async () => {
        await child.triggerAndWait({ n: 1 }, { metadata: { from: "trigger" }, tags: ["t"] });
      });
      return run.children.map(({ metadata: document }) => document);
    },
    expected: [{ from: "trigger", n: 1 }],
  },
  {
    name: "children: stubs take the place of tasks",
    async observe({ backend }) {
      const children = { "behaviour-child": (payload: { n: number }) => ({ doubled: payload.n + 100 }) };
      const run = await mockRun({ backend, children }, async () => {
        const result = await child.triggerAndWait({ n: 1 });
        return result.ok && result.output;
      });
      return [run.result, run.metadata, run.children.map(({ status }) => status)];
    },
    expected: [{ doubled: 101 }, {}, ["COMPLETED"]],
  },
  {
    name: "children: a stub that throws fails the child",
    async observe({ backend }) {
      const children = {
        "behaviour-child": () => {
          throw new TypeError("stubbed");
        },
      };
      const run = await mockRun({ backend, children }, async () => {
        const result = await child.triggerAndWait({ n: 1 });
        return result.ok ? "ok" : [(result.error as Error).name, (result.error as Error).message];
      });
      return run.result;
    },
    expected: ["TypeError", "stubbed"],
  },
  {
    name: "children: of a task that nobody defined are refused",
    async observe({ backend }) {
      const run = await mockRun({ backend }, () =>
        tasks.trigger<Task<"nowhere", string>>("nowhere", "x").catch((error) => [error.code, error.status]),
      );
      return run.result;
    },
    expected: ["RUNMETA_API", 404],
  },
  {
    name: "children: the same idempotency key is the same child",
    async observe({ backend }) {
      const run = await mockRun({ backend }, async ({ id }) => {
        const options = { idempotencyKey: `once-${id}-${crypto.randomUUID()}` };
        const first = await child.trigger({ n: 1 }, options);
        const second = await child.trigger({ n: 1 }, options);
        return [first.id === second.id, second.isCached];
      });
      return [run.result, run.children.length, run.metadata];
    },
    expected: [[true, true], 1, { sum: 1, seen: [1] }],
  },
  {
    name: "children: grandchildren write to their parent and to the root",
    async observe({ backend }) {
      const middle = task({
        id: "behaviour-middle",
        run: () => child.triggerAndWait({ n: 1 }).then(({ ok }) => ok),
      });
      const run = await mockRun({ backend }, () => middle.triggerAndWait().unwrap());
      return [run.result, run.metadata, run.children[0]?.metadata];
    },
    expected: [true, { seen: [1] }, { sum: 1 }],
  },
  {
    name: "a parent: the writes of its child arrive",
    async observe({ backend }) {
      const run = await runTask(child, { n: 4 }, { backend, parent: { metadata: { sum: 1 } } });
      return [run.parent?.metadata, run.metadata];
    },
    expected: [{ sum: 5, seen: [4] }, { n: 4 }],
  },
  {
    name: "a parent: without one, writes to it land on the run itself",
    async observe({ backend }) {
      const run = await runTask(child, { n: 4 }, { backend });
      return [run.parent, run.metadata];
    },
    expected: [undefined, { n: 4, sum: 4, seen: [4] }],
  },
  {
    name: "a parent: a write that has no effect there is a warning",
    async observe({ backend }) {
      const blind = task({
        id: "behaviour-blind",
        run: () => void metadata.parent.set("$.no.such.parent", 1),
      });
      const run = await runTask(blind, undefined, { backend, parent: {} });
      return [run.warnings.map(({ code }) => code), run.parent?.metadata];
    },
    expected: [["INEFFECTIVE"], {}],
    except: { "trigger.dev": { why: "its replies say nothing about other runs", expected: [[], {}] } },
  },
  {
    name: "a parent: what arrived is on its timeline",
    async observe({ backend }) {
      const run = await mockRun({ backend, metadata: { sum: 1 } }, () =>
        child.triggerAndWait({ n: 2 }).then(() => {}),
      );
      return run.timeline.map(({ operation, by, document }) => [
        operation,
        by === run.children[0]?.id,
        document,
      ]);
    },
    expected: [
      [{ type: "increment", key: "sum", value: 2 }, true, { sum: 3, seen: [2] }],
      [{ type: "append", key: "seen", value: 2 }, true, { sum: 3, seen: [2] }],
    ],
  },
];
