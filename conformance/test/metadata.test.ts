import { UpdateMetadataRequestBody } from "@trigger.dev/core/v3";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { officialFold } from "../../packages/runtime/test/protocol/official-operations.ts";
import {
  anyKey,
  jsonObject,
  operationOn,
} from "../../packages/runtime/test/protocol/operation-arbitraries.ts";
import { onEveryDatabase } from "./api.ts";
import { DEV_KEY, PROD_KEY } from "./keys.ts";

onEveryDatabase((api) => {
  const put = (id: string, body: unknown, headers: Record<string, string> = {}) =>
    api.plain("PUT", `/api/v1/runs/${id}/metadata`, { body, headers });
  const increment = (key: string, value: number) => ({ type: "increment" as const, key, value });
  const own = (operations: readonly object[]) =>
    ({ operations, parentOperations: [], rootOperations: [] }) as never;

  test("what the server stores is what the official function makes of it, for any operations", async () => {
    const id = await api.run();
    const client = api.client();
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        jsonObject,
        fc.array(operationOn(anyKey), { maxLength: 10 }),
        async (before, operations) => {
          await put(id, { metadata: before });
          if (!UpdateMetadataRequestBody.safeParse({ operations }).success) {
            refused += 1;
            const answer = await put(id, { operations });
            expect([answer.status, answer.text]).toEqual([400, '{"error":"Invalid metadata"}']);
            expect(JSON.stringify(await api.document(id))).toBe(JSON.stringify(before));
            return;
          }
          const expected = officialFold(before, operations).document;
          fc.pre(Buffer.byteLength(JSON.stringify(expected)) <= 4096);
          const answer = await client.updateRunMetadata(id, own(operations));
          // Own `__proto__` keys are refused, so a plain comparison says all.
          expect(JSON.stringify(answer.metadata)).toBe(JSON.stringify(expected));
          expect(JSON.stringify(await api.document(id))).toBe(JSON.stringify(expected));
        },
      ),
      { numRuns: 200 },
    );
    expect(refused).toBeGreaterThan(10);
  }, 120_000);

  describe("PUT", () => {
    test("operations win over metadata beside them, metadata alone replaces, neither changes nothing", async () => {
      const id = await api.run({ metadata: { old: 1 } });
      const client = api.client();
      expect(await client.updateRunMetadata(id, { metadata: { a: 1 } })).toEqual({ metadata: { a: 1 } });
      const both = { metadata: { lost: true }, operations: [] } as never;
      expect(await client.updateRunMetadata(id, both)).toEqual({ metadata: { a: 1 } });
      expect((await put(id, {})).text).toBe('{"metadata":{}}');
      expect(await client.getRunMetadata(id)).toEqual({ metadata: { a: 1 } });
    });

    test("parent and root operations reach their runs in order, or the run itself when it has none", async () => {
      const root = await api.run();
      const parent = await api.run({ parentRunId: root });
      const child = await api.run({ parentRunId: parent });
      const client = api.client();
      for (const step of [1, 2, 3]) {
        const answer = await client.updateRunMetadata(child, {
          operations: [increment("own", 1)],
          parentOperations: [{ type: "append", key: "steps", value: step }],
          rootOperations: [increment("total", step)],
        });
        // The reply has the run's own document only.
        expect(answer).toEqual({ metadata: { own: step } });
      }
      expect(await api.document(parent)).toEqual({ steps: [1, 2, 3] });
      expect(await api.document(root)).toEqual({ total: 6 });
      await client.updateRunMetadata(root, {
        operations: [],
        parentOperations: [increment("total", 1)],
        rootOperations: [increment("total", 1)],
      });
      expect(await api.document(root)).toEqual({ total: 8 });
    });

    test("a parent operation that its limit refuses does not refuse the run's own", async () => {
      const parent = await api.run({ metadata: { k: "x".repeat(4080) } });
      const child = await api.run({ parentRunId: parent });
      const answer = await api.client().updateRunMetadata(child, {
        operations: [increment("own", 1)],
        parentOperations: [{ type: "set", key: "more", value: "y".repeat(100) }],
        rootOperations: [],
      });
      expect(answer.metadata).toEqual({ own: 1 });
      expect(await api.document(parent)).toEqual({ k: "x".repeat(4080) });
    });

    test("two writers, 200 increments each: 400", async () => {
      const id = await api.run();
      const writer = async () => {
        const client = api.client();
        for (let sent = 0; sent < 200; sent += 10) {
          await Promise.all(
            Array.from({ length: 10 }, () => client.updateRunMetadata(id, own([increment("n", 1)]))),
          );
        }
      };
      await Promise.all([writer(), writer()]);
      expect(await api.document(id)).toEqual({ n: 400 });
    }, 60_000);

    test("the key that the client repeats on its retries makes a request count once", async () => {
      const id = await api.run();
      const headers = { "x-trigger-request-idempotency-key": crypto.randomUUID() };
      const body = { operations: [increment("n", 1)], parentOperations: [], rootOperations: [] };
      for (let sent = 0; sent < 3; sent++)
        expect((await put(id, body, headers)).text).toBe('{"metadata":{"n":1}}');
      expect(await api.document(id)).toEqual({ n: 1 });
      const other = await put(id, { operations: [increment("n", 2)] }, headers);
      expect(other.status).toBe(422);
    });

    test("exactly the limit is fine in bytes, one more is 413 with the official text", async () => {
      const id = await api.run();
      const document = (bytes: number) => ({ k: "é".repeat(100) + "x".repeat(bytes - 208) });
      expect(Buffer.byteLength(JSON.stringify(document(4096)))).toBe(4096);
      const client = api.client();
      await client.updateRunMetadata(id, { metadata: document(4096) });
      const error = await client
        .updateRunMetadata(id, { metadata: document(4097) })
        .catch((reason) => reason);
      expect(error).toMatchObject({ status: 413, error: "Metadata exceeds maximum size of 4096 bytes" });
      const grown = await put(id, { operations: [{ type: "set", key: "z", value: 1 }] });
      expect([grown.status, grown.text]).toEqual([
        413,
        '{"error":"Metadata exceeds maximum size of 4096 bytes"}',
      ]);
      expect(await api.document(id)).toEqual(document(4096));
    });

    test.each<[string, unknown]>([
      ["metadata null", { metadata: null }],
      ["metadata a list", { metadata: [] }],
      ["metadata a text", { metadata: "x" }],
      ["metadata a number", { metadata: 1 }],
      ["an operation that is unknown", { operations: [{ type: "multiply", key: "a", value: 2 }] }],
      [
        'an increment without value (metadata.parent.increment("n"))',
        { operations: [], parentOperations: [{ type: "increment", key: "n" }] },
      ],
      ["set without value", { operations: [{ type: "set", key: "a" }] }],
      ["a key that is no text", { operations: [{ type: "set", key: 1, value: 1 }] }],
      ["update with a list", { operations: [{ type: "update", value: [] }] }],
      ["__proto__", { operations: [{ type: "set", key: "__proto__", value: 1 }] }],
      ["a path with constructor", { operations: [{ type: "set", key: "$.a.constructor.b", value: 1 }] }],
      ["a path that names nothing", { operations: [{ type: "set", key: "$.", value: 1 }] }],
      [
        "a bad root operation",
        { operations: [], rootOperations: [{ type: "set", key: "$.__proto__.a", value: 1 }] },
      ],
      ["null", "null"],
      ["nothing", ""],
      ["no JSON", "{"],
    ])("%s is 400 Invalid metadata, all or nothing", async (_name, body) => {
      const id = await api.run({ metadata: { kept: true } });
      const answer = await put(id, body);
      expect([answer.status, answer.text]).toEqual([400, '{"error":"Invalid metadata"}']);
      expect(await api.document(id)).toEqual({ kept: true });
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    });

    test("odd but literal keys are keys", async () => {
      const id = await api.run();
      const keys = ["a.b", "$", "", "constructor", "toString", "$a", " "];
      const operations = keys.map((key, value) => ({ type: "set", key, value }));
      expect((await put(id, { operations })).body.metadata).toEqual(
        Object.fromEntries(keys.map((key, value) => [key, value])),
      );
    });

    test("missing parents of a path are never created, `delete` takes no path", async () => {
      const id = await api.run({ metadata: { a: { b: 1 }, list: [1] } });
      const answer = await put(id, {
        operations: [
          { type: "set", key: "$.x.y", value: 1 },
          { type: "delete", key: "$.a.b" },
          { type: "set", key: "$.a.c", value: 2 },
          { type: "set", key: "$.list.3", value: 4 },
        ],
      });
      expect(answer.body.metadata).toEqual({ a: { b: 1, c: 2 }, list: [1, null, null, 4] });
    });

    test("refusals: no key, a wrong one, a foreign one, no such run, no such id", async () => {
      const id = await api.run();
      const body = { metadata: {} };
      for (const key of [
        null,
        "nonsense",
        `${DEV_KEY}x`,
        DEV_KEY.slice(0, -1),
        "a.b.c",
        "eyJhbGciOiJub25lIn0.e30.",
      ]) {
        const answer = await api.plain("PUT", `/api/v1/runs/${id}/metadata`, { body, key });
        expect([answer.status, answer.text]).toEqual([401, '{"error":"Invalid or Missing API key"}']);
      }
      const foreign = await api.plain("PUT", `/api/v1/runs/${id}/metadata`, { body, key: PROD_KEY });
      expect([foreign.status, foreign.text]).toEqual([404, '{"error":"Task Run not found"}']);
      expect((await put("run_none", body)).text).toBe('{"error":"Task Run not found"}');
      for (const odd of ["..%2Fx", "%00", "x".repeat(10_000), `run_${"x".repeat(65)}`, "run_"]) {
        const answer = await put(odd, body);
        expect([answer.status, answer.text]).toEqual([400, '{"error":"Invalid or missing run ID"}']);
      }
    });

    test("a token for the run is 401 here, not 403", async () => {
      const { id, publicAccessToken } = await api.client().triggerTask("hello", {});
      const answer = await api.plain("PUT", `/api/v1/runs/${id}/metadata`, {
        body: { metadata: {} },
        key: publicAccessToken,
      });
      expect([answer.status, answer.text]).toEqual([401, '{"error":"Invalid or Missing API key"}']);
    });

    test("a run that has just ended still takes writes", async () => {
      const id = await api.run();
      await api.client().cancelRun(id);
      expect((await put(id, { operations: [increment("late", 1)] })).body).toEqual({ metadata: { late: 1 } });
    });
  });

  describe("GET", () => {
    test("answers an object: the client refuses anything else", async () => {
      const id = await api.run();
      const answer = await api.plain("GET", `/api/v1/runs/${id}/metadata`);
      expect([answer.status, answer.text]).toEqual([200, '{"metadata":{}}']);
      expect(await api.client().getRunMetadata(id)).toEqual({ metadata: {} });
    });

    test("refusals", async () => {
      const missing = await api.plain("GET", "/api/v1/runs/run_none/metadata");
      expect([missing.status, missing.text]).toEqual([404, '{"error":"Run not found"}']);
      const id = await api.run();
      const noKey = await api.plain("GET", `/api/v1/runs/${id}/metadata`, { key: null });
      expect([noKey.status, noKey.text]).toEqual([401, '{"error":"Invalid or Missing API Key"}']);
      expect((await api.plain("GET", `/api/v1/runs/${id}/metadata`, { key: PROD_KEY })).status).toBe(404);
    });
  });
});
