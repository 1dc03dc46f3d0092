import { runs, tags, tasks } from "@trigger.dev/sdk";
import { describe, expect, test } from "vitest";
import { type Api, onEveryQueue } from "./api.ts";
import { DEV_KEY, PROD_KEY } from "./keys.ts";

/** Plays a foreign worker that executes one attempt. */
async function execute(api: Api, id: string, outcome: object): Promise<void> {
  for (const [call, body] of [
    ["start", { attempt: 1 }],
    ["complete", { attempt: 1, ...outcome }],
  ] as const) {
    const answer = await api.plain("POST", `/engine/v1/runs/${id}/${call}`, { body });
    if (answer.status !== 200) throw new Error(`${call} answered ${answer.status} ${answer.text}`);
  }
}

onEveryQueue((api) => {
  describe("runs.retrieve", () => {
    test("a run while it waits, is executed, and has succeeded", async () => {
      const { id } = await tasks.trigger("hello", { n: 1 });
      expect(await runs.retrieve(id)).toMatchObject({
        status: "QUEUED",
        isQueued: true,
        isExecuting: false,
        isCompleted: false,
      });
      await api.plain("POST", `/engine/v1/runs/${id}/start`, { body: { attempt: 1 } });
      const executing = await runs.retrieve(id);
      expect(executing).toMatchObject({
        status: "EXECUTING",
        isExecuting: true,
        isQueued: false,
        attemptCount: 1,
      });
      expect(executing.startedAt).toBeInstanceOf(Date);
      expect(executing.output).toBeUndefined();
      const body = {
        attempt: 1,
        ok: true,
        output: '{"json":{"at":"1970-01-01T00:00:00.000Z"},"meta":{"values":{"at":["Date"]}}}',
        outputType: "application/super+json",
      };
      await api.plain("POST", `/engine/v1/runs/${id}/complete`, { body });
      const done = await runs.retrieve(id);
      expect(done).toMatchObject({
        status: "COMPLETED",
        isCompleted: true,
        isSuccess: true,
        isFailed: false,
        output: { at: "1970-01-01T00:00:00.000Z" },
      });
      expect(done.finishedAt).toBeInstanceOf(Date);
    });

    test("a run that failed says why, and has no output", async () => {
      const { id } = await tasks.trigger("hello", {}, { maxAttempts: 1 });
      await execute(api, id, {
        ok: false,
        error: { name: "TypeError", message: "no such thing", stackTrace: "at x" },
      });
      const run = await runs.retrieve(id);
      expect(run).toMatchObject({
        status: "FAILED",
        isCompleted: true,
        isFailed: true,
        isSuccess: false,
        error: { message: "no such thing", name: "TypeError" },
      });
      expect(run.output).toBeUndefined();
    });

    test("children know their parent and root, with depth, and the parent its children", async () => {
      const root = await api.run({ metadata: { who: "root" } });
      const parent = await api.run({ parentRunId: root, metadata: { who: "parent" } });
      const child = await api.run({ parentRunId: parent, resumeParentOnCompletion: true });
      const read = await runs.retrieve(child);
      expect(read).toMatchObject({ depth: 2, triggerFunction: "triggerAndWait" });
      expect(read.metadata ?? {}).toEqual({});
      expect(read.relatedRuns.parent).toMatchObject({ id: parent, depth: 1, metadata: { who: "parent" } });
      expect(read.relatedRuns.root).toMatchObject({ id: root, depth: 0, metadata: { who: "root" } });
      expect((await runs.retrieve(parent)).relatedRuns.children?.map(({ id }) => id)).toEqual([child]);
      for (const related of [read.relatedRuns.parent, read.relatedRuns.root])
        for (const field of ["payload", "output", "relatedRuns"]) expect(related).not.toHaveProperty(field);
    });

    test("no such run: 404 at once, for a foreign environment and an odd id too", async () => {
      const id = await api.run();
      for (const [path, key] of [
        ["run_none", DEV_KEY],
        [id, PROD_KEY],
        ["..%2Fx", DEV_KEY],
        ["%00", DEV_KEY],
        ["run_%F0", DEV_KEY],
        [`run_${"x".repeat(10_000)}`, DEV_KEY],
      ] as const) {
        const answer = await api.plain("GET", `/api/v3/runs/${path}`, { key });
        expect([answer.status, answer.text, answer.headers.get("x-should-retry")]).toEqual([
          404,
          '{"error":"Not found"}',
          "false",
        ]);
      }
      const error = await runs.retrieve("run_none").catch((reason) => reason);
      expect(error).toMatchObject({ name: "TriggerApiError", status: 404 });
    });

    test("runs.poll gives the run when it has ended", async () => {
      const { id } = await tasks.trigger("hello", {});
      const polled = runs.poll(id, { pollIntervalMs: 20 });
      await execute(api, id, { ok: true, output: 7 });
      expect(await polled).toMatchObject({ status: "COMPLETED", output: 7 });
    });
  });

  describe("runs.cancel", () => {
    test("ends a run once; again is the same answer", async () => {
      const { id } = await tasks.trigger("hello", {});
      expect(await runs.cancel(id)).toEqual({ id });
      const first = await runs.retrieve(id);
      expect(first).toMatchObject({
        status: "CANCELED",
        isCancelled: true,
        isCompleted: true,
        isFailed: true,
      });
      expect(first.finishedAt).toBeInstanceOf(Date);
      expect(await runs.cancel(id)).toEqual({ id });
      expect((await runs.retrieve(id)).finishedAt).toEqual(first.finishedAt);
    });

    test("leaves a run that has ended as it is", async () => {
      const { id } = await tasks.trigger("hello", {});
      await execute(api, id, { ok: true });
      expect(await runs.cancel(id)).toEqual({ id });
      expect((await runs.retrieve(id)).status).toBe("COMPLETED");
    });

    test("no such run is 404 with the official text", async () => {
      const answer = await api.plain("POST", "/api/v2/runs/run_none/cancel");
      expect([answer.status, answer.text]).toEqual([404, '{"error":"Resource not found"}']);
    });
  });

  describe("tags", () => {
    test("are added, each once, as a text or a list", async () => {
      const id = await api.run({ tags: ["a"] });
      const client = api.client();
      expect(await client.addTags(id, { tags: "b" })).toEqual({ message: "Successfully set 1 new tags." });
      expect(await client.addTags(id, { tags: ["b", "c", "d"] })).toEqual({
        message: "Successfully set 2 new tags.",
      });
      expect(await client.addTags(id, { tags: ["a", "d"] })).toEqual({ message: "No new tags to add" });
      expect((await runs.retrieve(id)).tags).toEqual(["a", "b", "c", "d"]);
    });

    test("more than ten in all are 422, and none is added", async () => {
      const id = await api.run({ tags: Array.from({ length: 9 }, (_, index) => `t${index}`) });
      const answer = await api.plain("POST", `/api/v1/runs/${id}/tags`, { body: { tags: ["x", "y"] } });
      expect([answer.status, answer.body.error]).toEqual([422, expect.stringContaining("only have 10 tags")]);
      expect((await runs.retrieve(id)).tags).toHaveLength(9);
      expect((await api.plain("POST", `/api/v1/runs/${id}/tags`, { body: { tags: ["x"] } })).status).toBe(
        200,
      );
    });

    test("refusals", async () => {
      const id = await api.run();
      for (const body of [{}, { tags: 1 }, { tags: [1] }, { tags: ["x".repeat(129)] }, "null"]) {
        const answer = await api.plain("POST", `/api/v1/runs/${id}/tags`, { body });
        expect([answer.status, answer.body.error]).toEqual([400, "Invalid request body"]);
        expect(answer.body.issues).toBeInstanceOf(Array);
      }
      const missing = await api.plain("POST", "/api/v1/runs/run_none/tags", { body: { tags: ["a"] } });
      expect([missing.status, missing.text]).toEqual([404, '{"error":"Run not found"}']);
      const noKey = await api.plain("POST", `/api/v1/runs/${id}/tags`, { body: { tags: ["a"] }, key: null });
      expect([noKey.status, noKey.text]).toEqual([401, '{"error":"Invalid or Missing API Key"}']);
    });

    test("tags.add needs a run around it", async () => {
      await expect(tags.add("a")).rejects.toThrow(/run/);
    });
  });
});
