import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../server/test-server.ts";

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer();
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const put = (id: string, body: unknown, headers?: Record<string, string>) =>
  api.call("PUT", `/api/v1/runs/${id}/metadata`, body, headers);

describe("PUT /api/v1/runs/{id}/metadata", () => {
  test("applies operations and answers with the document", async () => {
    const id = await api.trigger({ metadata: { n: 1 } });
    const answer = await put(id, {
      operations: [
        { type: "increment", key: "n", value: 2 },
        { type: "set", key: "step", value: "two" },
      ],
      parentOperations: [],
      rootOperations: [],
    });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('{"metadata":{"n":3,"step":"two"}}');
    expect(answer.headers.get("x-runmeta-dedupe")).toBe("1");
    expect((await api.call("GET", `/api/v1/runs/${id}/metadata`)).text).toBe(
      '{"metadata":{"n":3,"step":"two"}}',
    );
    expect((await api.call("GET", `/api/v3/runs/${id}`)).body.metadata).toEqual({ n: 3, step: "two" });
  });

  test("metadata alone replaces, beside operations it is ignored, neither changes nothing", async () => {
    const id = await api.trigger({ metadata: { old: true } });
    expect((await put(id, { metadata: { a: 1 } })).body).toEqual({ metadata: { a: 1 } });
    expect((await put(id, { metadata: { lost: 1 }, operations: [] })).body).toEqual({ metadata: { a: 1 } });
    expect((await put(id, {})).body).toEqual({ metadata: {} });
    expect((await api.call("GET", `/api/v1/runs/${id}/metadata`)).body).toEqual({ metadata: { a: 1 } });
  });

  test("I9 the same batch sent again is applied once; the key with another body is refused", async () => {
    const id = await api.trigger();
    const headers = { "x-trigger-request-idempotency-key": "publisher.1" };
    const body = { operations: [{ type: "increment", key: "n", value: 1 }] };
    const answers = await Promise.all(Array.from({ length: 10 }, () => put(id, body, headers)));
    expect(new Set(answers.map((answer) => `${answer.status} ${answer.text}`))).toEqual(
      new Set(['200 {"metadata":{"n":1}}']),
    );
    const other = await put(id, { operations: [{ type: "increment", key: "n", value: 5 }] }, headers);
    expect(other.status).toBe(422);
    expect((await api.call("GET", `/api/v1/runs/${id}/metadata`)).body.metadata).toEqual({ n: 1 });
  });

  test("parent and root operations reach their runs, or the run itself", async () => {
    const root = await api.trigger();
    const child = await api.trigger({ parentRunId: root });
    const answer = await put(child, {
      operations: [],
      parentOperations: [{ type: "increment", key: "done", value: 1 }],
      rootOperations: [{ type: "append", key: "log", value: "x" }],
    });
    expect(answer.body).toEqual({ metadata: {} });
    expect((await api.call("GET", `/api/v1/runs/${root}/metadata`)).body.metadata).toEqual({
      done: 1,
      log: ["x"],
    });
    await put(root, { parentOperations: [{ type: "set", key: "self", value: true }] });
    expect((await api.call("GET", `/api/v1/runs/${root}/metadata`)).body.metadata.self).toBe(true);
  });

  test("R8 exactly the limit is accepted, one byte more is 413 and changes nothing", async () => {
    const id = await api.trigger();
    const document = (length: number) => ({ metadata: { k: "é".repeat(10) + "x".repeat(length - 28) } });
    expect(Buffer.byteLength(JSON.stringify(document(4096).metadata))).toBe(4096);
    expect((await put(id, document(4096))).status).toBe(200);
    const over = await put(id, document(4097));
    expect([over.status, over.text]).toEqual([
      413,
      '{"error":"Metadata exceeds maximum size of 4096 bytes"}',
    ]);
    expect((await api.call("GET", `/api/v1/runs/${id}/metadata`)).body).toEqual(document(4096));
  });

  const invalid: [string, unknown][] = [
    ["metadata null", { metadata: null }],
    ["metadata an array", { metadata: [] }],
    ["metadata a string", { metadata: "x" }],
    ["metadata a number", { metadata: 1 }],
    ["an unknown operation", { operations: [{ type: "explode", key: "a" }] }],
    ["an increment without a value", { operations: [{ type: "increment", key: "a" }] }],
    ["operations that are no list", { operations: {} }],
    ["operations null", { operations: null }],
    ["a __proto__ key", '{"operations":[{"type":"set","key":"__proto__","value":1}]}'],
    ["a __proto__ path", '{"operations":[{"type":"set","key":"$.a.__proto__.b","value":1}]}'],
    ["null", "null"],
    ["an array", "[]"],
    ["nothing", ""],
    ["no JSON", "{"],
    ["a number beyond doubles", '{"operations":[{"type":"increment","key":"a","value":1e400}]}'],
    ["invalid UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ["nesting of 7,000", `{"metadata":{"a":${"[".repeat(7000)}${"]".repeat(7000)}}}`],
    ["nesting of 1,000,000", `{"metadata":{"a":${"[".repeat(1_000_000)}`],
    ["a key of a million brackets in nothing", "[".repeat(1_000_000)],
  ];
  test.each(invalid)("S2 S3 %s is 400 Invalid metadata and changes nothing", async (_name, body) => {
    const id = await api.trigger({ metadata: { kept: 1 } });
    const answer = await put(id, body);
    expect([answer.status, answer.text]).toEqual([400, '{"error":"Invalid metadata"}']);
    expect((await api.call("GET", `/api/v1/runs/${id}/metadata`)).body.metadata).toEqual({ kept: 1 });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("S3 one bad operation refuses the whole body", async () => {
    const id = await api.trigger();
    const answer = await put(id, {
      operations: [
        { type: "set", key: "a", value: 1 },
        { type: "set", key: "b" },
      ],
    });
    expect(answer.status).toBe(400);
    expect((await api.call("GET", `/api/v1/runs/${id}/metadata`)).body.metadata).toEqual({});
  });

  test("S3 a byte order mark is skipped, a foreign content type is 415, none at all is JSON", async () => {
    const id = await api.trigger();
    expect((await put(id, `\uFEFF{"metadata":{"a":1}}`)).status).toBe(200);
    expect(
      (await put(id, "metadata=1", { "content-type": "application/x-www-form-urlencoded" })).status,
    ).toBe(415);
    expect((await put(id, '{"metadata":{}}', { "content-type": "text/plain" })).status).toBe(415);
    const bare = new Request(`http://localhost/api/v1/runs/${id}/metadata`, {
      method: "PUT",
      headers: { authorization: `Bearer ${api.server.secretKey}` },
      body: new TextEncoder().encode('{"metadata":{"b":2}}'),
    });
    expect((await api.server.fetch(bare)).status).toBe(200);
  });

  test("S2 NUL and lone surrogates come back as they were", async () => {
    const id = await api.trigger();
    const value = "nul \u0000 half \ud800 line \u2028 pair 😀";
    expect((await put(id, { metadata: { value } })).status).toBe(200);
    expect((await api.call("GET", `/api/v1/runs/${id}/metadata`)).body.metadata.value).toBe(value);
  });

  test.each([
    "..%2fx",
    "%00",
    "run_%00",
    "run_",
    "abc",
    `run_${"x".repeat(65)}`,
    `run_${"x".repeat(10_000)}`,
    "run_a%20b",
    "run_%E0%A4%A",
    "",
  ])("S4 the run id %s is 400", async (id) => {
    const answer = await put(id, { metadata: {} });
    expect([answer.status, answer.text]).toEqual([400, '{"error":"Invalid or missing run ID"}']);
  });

  test("the order is method, key, size, run id, body, existence", async () => {
    const huge = "x".repeat(2 * 1024 * 1024 + 1);
    expect((await api.call("POST", "/api/v1/runs/bad/metadata", huge, { authorization: "" })).status).toBe(
      405,
    );
    expect((await put("bad", huge, { authorization: "Bearer no" })).status).toBe(401);
    expect((await put("bad", huge)).status).toBe(413);
    expect((await put("bad", "{")).body.error).toBe("Invalid or missing run ID");
    expect((await put("run_none", "{")).body.error).toBe("Invalid metadata");
    const missing = await put("run_none", { metadata: {} });
    expect([missing.status, missing.text]).toEqual([404, '{"error":"Task Run not found"}']);
  });

  test("S1 gzip is inflated under the same limit", async () => {
    const id = await api.trigger();
    const zip = (text: string) => new Uint8Array(gzipSync(text));
    const gzip = { "content-encoding": "gzip" };
    expect((await put(id, zip('{"metadata":{"z":1}}'), gzip)).body).toEqual({ metadata: { z: 1 } });
    const bomb = await put(id, zip(`{"metadata":{"a":"${"x".repeat(100_000_000)}"}}`), gzip);
    expect([bomb.status, bomb.text]).toEqual([413, `{"error":"Request body too large"}`]);
    expect((await put(id, "{}", gzip)).status).toBe(400);
    expect((await put(id, "{}", { "content-encoding": "br" })).status).toBe(415);
  });

  test("S1 a stream without a length is cut at the limit", async () => {
    const id = await api.trigger();
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    });
    const answer = await put(id, endless);
    expect([answer.status, answer.text]).toEqual([413, '{"error":"Request body too large"}']);
    expect(pulled).toBeLessThan(3 * 1024 * 1024);
  });
});

describe("GET /api/v1/runs/{id}/metadata", () => {
  test("answers an object, 404 for no such run, 400 for no such id", async () => {
    const id = await api.trigger();
    expect((await api.call("GET", `/api/v1/runs/${id}/metadata`)).text).toBe('{"metadata":{}}');
    expect((await api.call("GET", "/api/v1/runs/run_none/metadata")).text).toBe('{"error":"Run not found"}');
    expect((await api.call("GET", "/api/v1/runs/run_none/metadata")).status).toBe(404);
    expect((await api.call("GET", "/api/v1/runs/none/metadata")).status).toBe(400);
  });
});
