import { auth, batch, runs, tasks } from "@trigger.dev/sdk";
import { expect, test } from "vitest";
import { type Api, onEveryQueue } from "./api.ts";
import { enterRun, leaveRun } from "./task-context.ts";

async function start(api: Api, id: string): Promise<void> {
  await api.plain("POST", `/engine/v1/runs/${id}/start`, { body: { attempt: 1 } });
}

async function complete(api: Api, id: string, outcome: object): Promise<void> {
  await api.plain("POST", `/engine/v1/runs/${id}/complete`, { body: { attempt: 1, ...outcome } });
}

function set(api: Api, id: string, key: string, value: unknown) {
  return api.plain("PUT", `/api/v1/runs/${id}/metadata`, {
    body: { operations: [{ type: "set", key, value }] },
  });
}

onEveryQueue((api) => {
  test("runs.subscribeToRun sees every change once, in order, and ends at completion", async () => {
    const { id } = await tasks.trigger("hello", { at: new Date(0) }, { tags: ['a"b', "c"] });
    const seen: unknown[] = [];
    // Each change is made when the one before was seen.
    const steps = [
      () => set(api, id, "step", 1),
      () => set(api, id, "step", 2),
      () => start(api, id),
      () => set(api, id, "step", 3),
      () => complete(api, id, { ok: true, output: "done" }),
    ];
    for await (const run of runs.subscribeToRun(id)) {
      seen.push([run.status, run.metadata]);
      expect(run).toMatchObject({
        id,
        taskIdentifier: "hello",
        payload: { at: new Date(0) },
        tags: ['a"b', "c"],
      });
      expect(run.createdAt).toBeInstanceOf(Date);
      if (run.status === "COMPLETED") expect(run).toMatchObject({ output: "done", isSuccess: true });
      await steps.shift()?.();
    }
    expect(seen).toEqual([
      ["QUEUED", {}],
      ["QUEUED", { step: 1 }],
      ["QUEUED", { step: 2 }],
      ["EXECUTING", { step: 2 }],
      ["EXECUTING", { step: 3 }],
      ["COMPLETED", { step: 3 }],
    ]);
  });

  test("a run that has failed ends a subscription at once, with its error", async () => {
    const id = await api.run({ maxAttempts: 1 });
    await start(api, id);
    await complete(api, id, { ok: false, error: { name: "TypeError", message: "boom" } });
    const seen = [];
    for await (const run of runs.subscribeToRun(id)) seen.push(run);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ status: "FAILED", error: { name: "TypeError", message: "boom" } });
  });

  test("with a public token, whose skipped columns stay away", async () => {
    const id = await api.run();
    const token = await auth.createPublicToken({
      scopes: { read: { runs: [id] } },
      realtime: { skipColumns: ["payload"] },
    });
    await auth.withAuth({ accessToken: token, baseURL: api.url }, async () => {
      for await (const run of runs.subscribeToRun(id, { skipColumns: ["metadata"] })) {
        expect(run.payload).toBeUndefined();
        expect(run.metadata).toEqual({});
        break;
      }
    });
  });

  test("tasks.triggerAndSubscribe gives the output of its run", async () => {
    const parent = await api.run();
    enterRun(api.url, parent);
    try {
      const result = tasks.triggerAndSubscribe("hello", { n: 1 });
      let child: string | undefined;
      for await (const run of runs.subscribeToRunsWithTag([])) {
        if (run.id === parent || run.taskIdentifier !== "hello") continue;
        const { relatedRuns } = await runs.retrieve(parent);
        child = relatedRuns.children?.[0]?.id;
        if (child !== undefined) break;
      }
      if (child === undefined) throw new Error("the run has no child");
      await start(api, child);
      await complete(api, child, { ok: true, output: 7 });
      expect(await result).toMatchObject({ ok: true, id: child, output: 7 });
    } finally {
      leaveRun();
    }
  });

  test("runs.subscribeToRunsWithTag sees runs that are there, come and change, and no others", async () => {
    const first = await api.run({ tags: ["seen", "both"] });
    await api.run({ tags: ["seen"] });
    const seen: unknown[] = [];
    let second = "";
    const steps = [
      async () => {
        second = await api.run({ tags: ["both", "seen", "more"] });
      },
      () => set(api, first, "n", 1),
      () => start(api, second),
    ];
    for await (const run of runs.subscribeToRunsWithTag(["seen", "both"])) {
      seen.push([
        run.id === first ? "first" : run.id === second ? "second" : run.id,
        run.status,
        run.metadata,
      ]);
      const step = steps.shift();
      if (step === undefined) break;
      await step();
    }
    expect(seen).toEqual([
      ["first", "QUEUED", {}],
      ["second", "QUEUED", {}],
      ["first", "QUEUED", { n: 1 }],
      ["second", "EXECUTING", {}],
    ]);
  });

  test("runs.subscribeToBatch sees the runs of a batch to their end", async () => {
    const { batchId } = await batch.trigger([
      { id: "hello", payload: 1 },
      { id: "hello", payload: 2 },
    ]);
    const ended = new Set<string>();
    const begun = new Set<string>();
    for await (const run of runs.subscribeToBatch(batchId)) {
      if (run.status === "QUEUED" && !begun.has(run.id)) {
        begun.add(run.id);
        await start(api, run.id);
        await complete(api, run.id, { ok: true, output: 1 });
      }
      if (run.status === "COMPLETED") ended.add(run.id);
      if (ended.size === 2) break;
    }
    expect(ended).toEqual(begun);
  });
});
