import { idempotencyKeys, runs, tasks } from "@trigger.dev/sdk";
import { describe, expect, test } from "vitest";
import { onEveryQueue } from "./api.ts";
import { DEV_KEY, PROD_KEY } from "./keys.ts";

onEveryQueue((api) => {
  describe("tasks.trigger", () => {
    test("every kind of payload reads back decoded", async () => {
      const payloads: [unknown, unknown][] = [
        [
          { n: 1, list: [true, null] },
          { n: 1, list: [true, null] },
        ],
        ["a text", "a text"],
        ['{"looks":"like JSON"}', '{"looks":"like JSON"}'],
        [
          { at: new Date(0), big: 2n, set: new Set([1]) },
          { at: "1970-01-01T00:00:00.000Z", big: "2", set: [1] },
        ],
        [undefined, undefined],
        [null, null],
        [0, 0],
        [false, false],
        ["", ""],
        [
          { text: "nul \u0000 half \ud800 line \u2028 pair 😀" },
          { text: "nul \u0000 half \ud800 line \u2028 pair 😀" },
        ],
      ];
      for (const [payload, expected] of payloads) {
        const { id } = await tasks.trigger("hello", payload);
        const run = await runs.retrieve(id);
        if (expected === undefined) expect(run.payload).toBeUndefined();
        else expect(run.payload, String(payload)).toEqual(expected);
      }
    });

    test("every option is taken, and what can be read back is", async () => {
      const handle = await tasks.trigger(
        "task/with spaces & ünïcode",
        { n: 1 },
        {
          metadata: { a: { b: [1] } },
          tags: ["user:1", "ünï"],
          ttl: "10m",
          delay: "1h",
          queue: "mail",
          concurrencyKey: "user-1",
          machine: "small-1x",
          priority: 3,
          maxAttempts: 4,
          maxDuration: 60,
          region: "eu-central-1",
        },
      );
      const run = await runs.retrieve(handle.id);
      expect(run).toMatchObject({
        status: "DELAYED",
        taskIdentifier: "task/with spaces & ünïcode",
        metadata: { a: { b: [1] } },
        // As the official server sorts them.
        tags: ["ünï", "user:1"],
        // A text comes back as it was given.
        ttl: "10m",
        isTest: false,
        isQueued: true,
        isCompleted: false,
        depth: 0,
        triggerFunction: "trigger",
        attemptCount: 0,
        costInCents: 0,
        baseCostInCents: 0,
        durationMs: 0,
        relatedRuns: {},
      });
      expect(Number(run.delayedUntil) - Date.now()).toBeGreaterThan(3_500_000);
    });

    test("a run without metadata has an empty object or none, never null", async () => {
      for (const metadata of [undefined, null, {}]) {
        const id = await api.run({ metadata });
        const run = await api.plain("GET", `/api/v3/runs/${id}`);
        expect(run.body.metadata ?? {}).toEqual({});
        expect(run.body.metadata).not.toBeNull();
      }
    });

    test("optional fields without a value are left out: null would be read as 1970", async () => {
      const { body } = await api.plain("GET", `/api/v3/runs/${await api.run()}`);
      for (const [field, value] of Object.entries(body)) expect(value, field).not.toBeNull();
      for (const field of [
        "startedAt",
        "finishedAt",
        "expiredAt",
        "delayedUntil",
        "output",
        "error",
        "batchId",
      ])
        expect(body).not.toHaveProperty(field);
    });

    test("unknown fields and options are ignored, a number is fine as ttl and concurrency key", async () => {
      const answer = await api.plain("POST", "/api/v1/tasks/hello/trigger", {
        body: {
          payload: { raw: true },
          context: { any: "thing" },
          unknown: 1,
          options: {
            ttl: 60,
            concurrencyKey: 7,
            unknown: { x: 1 },
            test: true,
            payloadSize: 3,
            delay: "2100-01-01T00:00:00Z",
          },
        },
      });
      expect([answer.status, Object.keys(answer.body)]).toEqual([200, ["id", "isCached"]]);
      const run = await runs.retrieve(answer.body.id);
      expect(run).toMatchObject({ isTest: true, status: "DELAYED", payload: { raw: true }, ttl: "1m" });
      expect(run.delayedUntil).toEqual(new Date("2100-01-01T00:00:00Z"));
    });

    test.each([
      ["options that are no object", { options: 1 }],
      ["tags that are no texts", { options: { tags: [1] } }],
      ["a tag of 129 characters", { options: { tags: ["x".repeat(129)] } }],
      ["a key of 2,049 characters", { options: { idempotencyKey: "x".repeat(2049) } }],
      ["metadata that is an array", { options: { metadata: [1] } }],
      ["metadata that is a number", { options: { metadata: 1 } }],
      ["metadata that is a text", { options: { metadata: "x" } }],
      ["a list", []],
      ["null", "null"],
      ["nothing", ""],
      ["no JSON", "{"],
    ])("%s is 400 with an error text", async (_name, body) => {
      const answer = await api.plain("POST", "/api/v1/tasks/hello/trigger", { body });
      expect([answer.status, typeof answer.body.error]).toEqual([400, "string"]);
    });

    test("the texts of the general refusals are the official ones", async () => {
      const trigger = async (body: unknown) =>
        (await api.plain("POST", "/api/v1/tasks/hello/trigger", { body })).text;
      expect(await trigger("")).toBe('{"error":"Request body is empty"}');
      expect(await trigger("{")).toBe('{"error":"Invalid JSON"}');
      expect(await trigger("null")).toBe('{"error":"Invalid JSON"}');
      expect((JSON.parse(await trigger({ options: { tags: [1] } })) as { error: string }).error).toMatch(
        /^Validation error: .* at "options\.tags/,
      );
      expect(await trigger({ options: { metadata: ["x"] } })).toBe('{"error":"Invalid metadata"}');
    });

    test("too many tags, a bad delay: 422 with the official texts", async () => {
      const tags = Array.from({ length: 11 }, (_, index) => `t${index}`);
      const over = await api.plain("POST", "/api/v1/tasks/hello/trigger", { body: { options: { tags } } });
      expect([over.status, over.body.error]).toEqual([
        422,
        "Runs can only have 10 tags, you're trying to set 11.",
      ]);
      const delay = await api.plain("POST", "/api/v1/tasks/hello/trigger", {
        body: { options: { delay: "soon" } },
      });
      expect([delay.status, delay.body.error]).toEqual([422, "Invalid delay soon"]);
    });

    test("metadata at the limit is taken, one byte more is 413 and names the limit", async () => {
      const metadata = (bytes: number) => ({ k: "x".repeat(bytes - 8) });
      expect(JSON.stringify(metadata(4096))).toHaveLength(4096);
      const { id } = await tasks.trigger("hello", {}, { metadata: metadata(4096) });
      expect((await runs.retrieve(id)).metadata).toEqual(metadata(4096));
      const refused = await tasks.trigger("hello", {}, { metadata: metadata(4097) }).catch((error) => error);
      expect(refused).toMatchObject({
        status: 413,
        message: expect.stringContaining("Metadata exceeds maximum size of 4096 bytes"),
      });
    });

    test("a body over 3 MiB is 413, one just under it is taken", async () => {
      const body = (bytes: number) => ({ payload: "x".repeat(bytes) });
      expect(
        (await api.plain("POST", "/api/v1/tasks/hello/trigger", { body: body(3 * 1024 * 1024 - 100) }))
          .status,
      ).toBe(200);
      const over = await api.plain("POST", "/api/v1/tasks/hello/trigger", { body: body(3 * 1024 * 1024) });
      expect([over.status, over.text]).toEqual([413, '{"error":"Request body too large"}']);
    });
  });

  describe("idempotency keys", () => {
    test("the same key gives the same run, says so, and changes nothing", async () => {
      const key = await idempotencyKeys.create(["order", "1"], { scope: "global" });
      const first = await tasks.trigger("hello", { n: 1 }, { idempotencyKey: key, metadata: { n: 1 } });
      const second = await tasks.trigger("hello", { n: 2 }, { idempotencyKey: key, metadata: { n: 2 } });
      expect([first, second]).toMatchObject([{ isCached: false }, { isCached: true, id: first.id }]);
      const run = await runs.retrieve(first.id);
      expect(run).toMatchObject({ metadata: { n: 1 }, payload: { n: 1 } });
    });

    test("another task or another environment has keys of its own", async () => {
      const options = { idempotencyKey: "a".repeat(64) };
      const id = await api.run(options);
      expect(await api.run(options, "other")).not.toBe(id);
      const prod = await api.client(PROD_KEY).triggerTask("hello", { options });
      expect(prod).toMatchObject({ isCached: false });
      expect(prod.id).not.toBe(id);
    });

    test("answers show the user's key, not its hash", async () => {
      const { id } = await tasks.trigger("hello", {}, { idempotencyKey: "user-key-1" });
      expect((await runs.retrieve(id)).idempotencyKey).toBe("user-key-1");
    });

    test("ten at once make one run", async () => {
      const handles = await Promise.all(
        Array.from({ length: 10 }, () => tasks.trigger("hello", {}, { idempotencyKey: "ten-at-once" })),
      );
      expect(new Set(handles.map(({ id }) => id)).size).toBe(1);
      expect(handles.filter((handle) => (handle as { isCached?: boolean }).isCached === false)).toHaveLength(
        1,
      );
    });

    test("an HTTP-level retry answers with the same run and is not cached", async () => {
      const send = (key: string, task = "hello") =>
        api.plain("POST", `/api/v1/tasks/${task}/trigger`, {
          body: {},
          headers: { "x-trigger-request-idempotency-key": key },
        });
      const first = await send("request-1");
      expect((await send("request-1")).body).toEqual({ id: first.body.id, isCached: false });
      expect((await send("request-1", "other")).body.id).not.toBe(first.body.id);
      expect((await send("request-2")).body.id).not.toBe(first.body.id);
    });

    test("a run that failed frees its key", async () => {
      const id = await api.run({ idempotencyKey: "freed", maxAttempts: 1 });
      const send = (call: string, body: object) =>
        api.plain("POST", `/engine/v1/runs/${id}/${call}`, { body });
      expect((await send("start", { attempt: 1 })).status).toBe(200);
      expect((await send("complete", { attempt: 1, ok: false, error: { message: "no" } })).status).toBe(200);
      expect(await runs.retrieve(id)).toMatchObject({ status: "FAILED", isFailed: true, isCompleted: true });
      expect(await api.run({ idempotencyKey: "freed" })).not.toBe(id);
    });

    test("a key whose time is over is free", async () => {
      const options = { idempotencyKey: "short", idempotencyKeyTTL: "0s" };
      const id = await api.run(options);
      expect(await api.run(options)).not.toBe(id);
    });
  });

  test("requests without a key, with a wrong one, with another method", async () => {
    const path = "/api/v1/tasks/hello/trigger";
    const none = await api.plain("POST", path, { body: {}, key: null });
    expect([none.status, none.text]).toEqual([401, '{"error":"Invalid or Missing API key"}']);
    const wrong = await api.plain("POST", path, { body: {}, key: `${DEV_KEY}x` });
    expect([wrong.status, wrong.text]).toEqual([401, '{"error":"Invalid API key"}']);
    const method = await api.plain("GET", path, { key: null });
    expect([method.status, method.text]).toEqual([405, '{"error":"Method not allowed"}']);
    expect(method.headers.get("allow")).toContain("POST");
  });
});
