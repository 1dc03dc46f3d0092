import { metadata, runs, type Task, task, tasks, wait } from "@runmeta/runtime";
import { describe, expect, test } from "vitest";
import { runTask, scriptedEndpoint, status } from "../src/index.ts";

const country = task({
  id: "country",
  retry: { maxAttempts: 2 },
  run: async (payload: { code: string; rows: number }, { ctx }) => {
    if (payload.code === "XX") throw new Error(`no such country (attempt ${ctx.attempt.number})`);
    metadata.set("code", payload.code);
    metadata.parent.increment("rows", payload.rows);
    await wait.for({ minutes: 5 });
    return { rows: payload.rows, on: new Date(0) };
  },
});

const importAll = task({
  id: "import-all",
  run: async (codes: string[]) => {
    const results = [];
    for (const code of codes) {
      const child = await country.triggerAndWait(
        { code, rows: code.length },
        { metadata: metadata.current() },
      );
      results.push(child.ok ? child.output.rows : child.error.message);
    }
    return results;
  },
});

describe("children of a mocked run", () => {
  test("run through the same lifecycle, and write to their parent", async () => {
    const run = await runTask(importAll, ["NL", "XX", "BEL"], { metadata: { source: "test" } });
    expect(run.output).toEqual([2, "no such country (attempt 2)", 3]);
    expect(run.metadata).toEqual({ source: "test", rows: 5 });
    expect(run.children.map(({ task: id, status: state, attempts }) => [id, state, attempts])).toEqual([
      ["country", "COMPLETED", 1],
      ["country", "FAILED", 2],
      ["country", "COMPLETED", 1],
    ]);
    const [first] = run.children;
    expect(first?.output).toEqual({ rows: 2, on: new Date(0) });
    expect(first?.metadata).toEqual({ source: "test", code: "NL" });
    expect(first?.parent).toEqual({ id: run.id, metadata: run.metadata });
    expect(run.hooks).toEqual([]);
  });

  test("that nobody waits for have ended when the run is given", async () => {
    const starting = task({
      id: "starting",
      run: async () => (await country.trigger({ code: "NL", rows: 7 })).id,
    });
    const run = await runTask(starting, undefined);
    expect(run.children).toMatchObject([{ id: run.output, status: "COMPLETED" }]);
    expect(run.metadata).toEqual({ rows: 7 });
  });

  test("come from batches as well, in the order of their items", async () => {
    const batching = task({
      id: "batching",
      run: async () => {
        const { runs: results } = await country.batchTriggerAndWait(
          ["A", "BB", "CCC"].map((code) => ({ payload: { code, rows: code.length } })),
        );
        return results.map((result) => result.ok && result.output.rows);
      },
    });
    const run = await runTask(batching, undefined);
    expect(run.output).toEqual([1, 2, 3]);
    expect(run.metadata).toEqual({ rows: 6 });
  });

  test("can be stubbed by a value or a function; what it throws fails the child", async () => {
    const asking = task({
      id: "asking",
      run: async () => {
        const value = await country.triggerAndWait({ code: "NL", rows: 1 });
        return value.ok ? value.output : value.error.message;
      },
    });
    const stubs = async (stub: unknown) => {
      const run = await runTask(asking, undefined, { children: { country: stub } });
      return [run.output, run.children[0]?.status, run.metadata];
    };
    expect(await stubs({ rows: 9 })).toEqual([{ rows: 9 }, "COMPLETED", {}]);
    expect(await stubs((payload: { code: string }) => payload.code)).toEqual(["NL", "COMPLETED", {}]);
    expect(
      await stubs(() => {
        throw new Error("stubbed failure");
      }),
    ).toEqual(["stubbed failure", "FAILED", {}]);
  });

  test("of a task that nobody defined are refused as by a server", async () => {
    const unknown = task({
      id: "triggers-unknown",
      run: async () => {
        await tasks.trigger<Task<"defined-nowhere", string>>("defined-nowhere", "payload");
      },
    });
    const run = await runTask(unknown, undefined);
    expect([run.status, run.error]).toMatchObject(["FAILED", { code: "RUNMETA_API", status: 404 }]);
  });

  test("an idempotency key gives the same child", async () => {
    const twice = task({
      id: "twice",
      run: async () => {
        const options = { idempotencyKey: "once" };
        const first = await country.trigger({ code: "NL", rows: 1 }, options);
        const second = await country.trigger({ code: "NL", rows: 1 }, options);
        return [first.id === second.id, second.isCached];
      },
    });
    const run = await runTask(twice, undefined);
    expect([run.output, run.children.length]).toEqual([[true, true], 1]);
  });

  test("runs.retrieve and runs.cancel find them", async () => {
    const supervising = task({
      id: "supervising",
      run: async () => {
        const { id } = await country.trigger({ code: "NL", rows: 1 });
        await wait.for({ seconds: 10 });
        const before = await runs.retrieve(id);
        await runs.cancel(id);
        const after = await runs.retrieve(id);
        return [before.status, before.metadata, after.status];
      },
    });
    const run = await runTask(supervising, undefined);
    expect(run.output).toEqual(["EXECUTING", { code: "NL" }, "CANCELED"]);
    expect(run.children[0]?.status).toBe("CANCELED");
  });

  test("their parent's writes survive faults of the endpoint, once", async () => {
    const endpoint = scriptedEndpoint(Array.from({ length: 6 }, () => status(503)));
    const run = await runTask(importAll, ["NL"], { endpoint });
    expect([run.status, run.metadata]).toEqual(["COMPLETED", { rows: 2 }]);
  });
});
