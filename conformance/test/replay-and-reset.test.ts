import { idempotencyKeys, runs, tasks } from "@trigger.dev/sdk";
import { describe, expect, test } from "vitest";
import { onEveryQueue } from "./api.ts";

onEveryQueue((api) => {
  describe("runs.replay", () => {
    test("makes a new run with the payload, tags and metadata of the old one", async () => {
      const { id } = await tasks.trigger("hello", { at: new Date(0) }, { tags: ["a"], metadata: { n: 1 } });
      await api.client().updateRunMetadata(id, { metadata: { n: 2 } });
      const replayed = await runs.replay(id);
      expect(replayed?.id).not.toBe(id);
      expect(await runs.retrieve(replayed?.id ?? "")).toMatchObject({
        taskIdentifier: "hello",
        status: "QUEUED",
        payload: { at: "1970-01-01T00:00:00.000Z" },
        tags: ["a"],
        metadata: { n: 1 },
      });
    });

    test("what the caller overrides wins", async () => {
      const { id } = await tasks.trigger("hello", { n: 1 }, { tags: ["a"], metadata: { n: 1 } });
      const { id: replayed } = (await runs.replay(id, {
        payload: { at: new Date(1000) },
        metadata: { m: 2 },
        tags: ["b"],
        delay: "1h",
        idempotencyKey: "replay-key",
      } as never)) as { id: string };
      expect(await runs.retrieve(replayed)).toMatchObject({
        status: "DELAYED",
        payload: { at: "1970-01-01T00:00:01.000Z" },
        tags: ["b"],
        metadata: { m: 2 },
      });
    });

    test("no such run is 404, an unknown override 400", async () => {
      expect((await api.plain("POST", "/api/v1/runs/run_none/replay")).status).toBe(404);
      const id = await api.run();
      expect((await api.plain("POST", `/api/v1/runs/${id}/replay`, { body: { surprise: 1 } })).status).toBe(
        400,
      );
      expect((await api.plain("POST", `/api/v1/runs/${id}/replay`, { key: null })).status).toBe(401);
    });
  });

  describe("idempotencyKeys.reset", () => {
    test("frees the key of one task", async () => {
      const key = await idempotencyKeys.create("reset-me", { scope: "global" });
      const first = await tasks.trigger("hello", {}, { idempotencyKey: key });
      const other = await tasks.trigger("other", {}, { idempotencyKey: key });
      expect(await idempotencyKeys.reset("hello", key)).toMatchObject({ id: expect.any(String) });
      expect((await tasks.trigger("hello", {}, { idempotencyKey: key })).id).not.toBe(first.id);
      expect((await tasks.trigger("other", {}, { idempotencyKey: key })).id).toBe(other.id);
    });

    test("by the user's text and scope", async () => {
      const first = await tasks.trigger(
        "hello",
        {},
        {
          idempotencyKey: await idempotencyKeys.create("by text", { scope: "global" }),
        },
      );
      await idempotencyKeys.reset("hello", "by text", { scope: "global" });
      const again = await tasks.trigger(
        "hello",
        {},
        {
          idempotencyKey: await idempotencyKeys.create("by text", { scope: "global" }),
        },
      );
      expect(again.id).not.toBe(first.id);
    });

    test("a key that no run holds is 404, no task 400", async () => {
      const path = `/api/v1/idempotencyKeys/${"f".repeat(64)}/reset`;
      expect((await api.plain("POST", path, { body: { taskIdentifier: "hello" } })).status).toBe(404);
      expect((await api.plain("POST", path, { body: {} })).status).toBe(400);
    });
  });
});
