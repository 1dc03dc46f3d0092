import { batch, runs, tasks } from "@trigger.dev/sdk";
import { describe, expect, test } from "vitest";
import { onEveryDatabase } from "./api.ts";
import { PROD_KEY } from "./keys.ts";

onEveryDatabase((api) => {
  describe("runs.list", () => {
    test("pages through everything, newest first, forwards and back", async () => {
      const ids: string[] = [];
      for (let index = 0; index < 7; index++) ids.unshift(await api.run({}, "paged"));
      const first = await runs.list({ taskIdentifier: "paged", limit: 3 });
      expect([first.data.map(({ id }) => id), first.hasNextPage(), first.hasPreviousPage()]).toEqual([
        ids.slice(0, 3),
        true,
        false,
      ]);
      const second = await first.getNextPage();
      const third = await second.getNextPage();
      expect([second.data.map(({ id }) => id), second.hasPreviousPage()]).toEqual([ids.slice(3, 6), true]);
      expect([third.data.map(({ id }) => id), third.hasNextPage()]).toEqual([ids.slice(6), false]);
      expect((await third.getPreviousPage()).data.map(({ id }) => id)).toEqual(ids.slice(3, 6));
      const all: string[] = [];
      for await (const run of runs.list({ taskIdentifier: "paged", limit: 2 })) all.push(run.id);
      expect(all).toEqual(ids);
    });

    test("a page has 25 runs unless told otherwise, and its cursors are never null", async () => {
      await tasks.batchTrigger(
        "page-of-25",
        Array.from({ length: 26 }, (_, n) => ({ payload: n })),
      );
      const page = await api.plain("GET", "/api/v1/runs?filter[taskIdentifier]=page-of-25");
      expect(page.body.data).toHaveLength(25);
      expect(Object.keys(page.body.pagination)).toEqual(["next"]);
      const last = await api.plain(
        "GET",
        `/api/v1/runs?filter[taskIdentifier]=page-of-25&page[after]=${page.body.pagination.next}`,
      );
      expect([last.body.data.length, Object.keys(last.body.pagination)]).toEqual([1, ["previous"]]);
      const none = await api.plain("GET", "/api/v1/runs?filter[taskIdentifier]=none");
      expect(none.body).toEqual({ data: [], pagination: {} });
    });

    test("every filter that the client sends", async () => {
      const tagged = await api.run({ tags: ["x:1", "x:2"], test: true, queue: { name: "mail" } }, "filtered");
      const cancelled = await api.run({ tags: ["x:3"] }, "filtered");
      await runs.cancel(cancelled);
      const handle = await tasks.batchTrigger("filtered", [{ payload: 1 }]);
      const inBatch = (await batch.retrieve(handle.batchId)).runs[0];
      const found = async (filter: Parameters<typeof runs.list>[0]) =>
        (await runs.list({ taskIdentifier: ["filtered", "other"], ...filter } as never)).data.map(
          ({ id }) => id,
        );
      expect(await found({})).toEqual([inBatch, cancelled, tagged]);
      expect(await found({ tag: ["x:2", "x:3"] })).toEqual([cancelled, tagged]);
      expect(await found({ tag: "x:1" })).toEqual([tagged]);
      expect(await found({ status: ["CANCELED"] })).toEqual([cancelled]);
      expect(await found({ status: ["QUEUED", "CANCELED"] })).toEqual([inBatch, cancelled, tagged]);
      expect(await found({ isTest: true })).toEqual([tagged]);
      expect(await found({ isTest: false })).toEqual([inBatch, cancelled]);
      expect(await found({ batch: handle.batchId })).toEqual([inBatch]);
      expect(await found({ queue: { type: "custom", name: "mail" } })).toEqual([tagged]);
      expect(await found({ queue: { type: "task", name: "filtered" } })).toEqual([inBatch, cancelled]);
      expect(await found({ period: "1h" })).toHaveLength(3);
      expect(
        await found({ from: new Date(Date.now() - 60_000), to: new Date(Date.now() + 60_000) }),
      ).toHaveLength(3);
      expect(await found({ from: new Date(Date.now() + 60_000) })).toEqual([]);
      expect(await found({ to: Date.now() - 3_600_000 })).toEqual([]);
      expect(await found({ version: "20260101.1" })).toEqual([]);
      expect(await found({ schedule: "sched_1" })).toEqual([]);
    });

    test("an item has its environment, its metadata, and no fields that belong to one run", async () => {
      await api.run({ metadata: { n: 1 } }, "item");
      const { body } = await api.plain("GET", "/api/v1/runs?filter[taskIdentifier]=item");
      expect(body.data[0]).toMatchObject({
        env: { id: expect.any(String), name: expect.any(String) },
        metadata: { n: 1 },
      });
      for (const field of ["depth", "triggerFunction", "relatedRuns", "payload"])
        expect(body.data[0]).not.toHaveProperty(field);
      for (const [field, value] of Object.entries(body.data[0])) expect(value, field).not.toBeNull();
    });

    test("an environment lists its own runs only", async () => {
      await api.run({}, "environments");
      const page = await api.client(PROD_KEY).listRuns({ taskIdentifier: "environments" });
      expect(page.data).toEqual([]);
    });

    test.each([
      ["filter[status]=FOOBAR", "Invalid status values: FOOBAR"],
      ["filter[status]=QUEUED,FOO,BAR", "Invalid status values: FOO, BAR"],
      ["page[size]=0", ""],
      ["page[size]=101", ""],
      ["page[size]=x", ""],
      ["filter[createdAt][from]=yesterday", ""],
      ["filter[createdAt][period]=soon", ""],
    ])("?%s is 400 Query Error", async (query, message) => {
      const answer = await api.plain("GET", `/api/v1/runs?${query}`);
      expect([answer.status, answer.body.error]).toEqual([400, "Query Error"]);
      expect(answer.body.details[0]).toMatchObject({
        code: expect.any(String),
        message: expect.stringContaining(message),
        path: expect.any(Array),
      });
    });
  });
});
