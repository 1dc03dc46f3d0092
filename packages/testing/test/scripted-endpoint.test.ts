import { describe, expect, test } from "vitest";
import {
  accepted,
  brokenBody,
  hangs,
  lostReply,
  manualClock,
  networkFault,
  redirect,
  type ScriptedEndpoint,
  scriptedEndpoint,
  slow,
  status,
  tooLarge,
} from "../src/index.ts";

function put(
  endpoint: ScriptedEndpoint,
  operations: unknown,
  options: { run?: string; key?: string; body?: unknown; signal?: AbortSignal } = {},
): Promise<Response> {
  return endpoint.fetch(
    new Request(`${endpoint.baseURL}/api/v1/runs/${options.run ?? "run_a"}/metadata`, {
      method: "PUT",
      body: JSON.stringify(options.body ?? { operations }),
      headers: options.key === undefined ? {} : { "x-trigger-request-idempotency-key": options.key },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }),
  );
}

const increment = [{ type: "increment", key: "n", value: 1 }];

describe("scriptedEndpoint", () => {
  test("applies operations and answers with the document, as a server does", async () => {
    const endpoint = scriptedEndpoint();
    const reply = await put(endpoint, [{ type: "set", key: "step", value: 1 }, ...increment]);
    expect([reply.status, await reply.json()]).toEqual([200, { metadata: { step: 1, n: 1 } }]);
    expect(reply.headers.get("x-runmeta-dedupe")).toBe("1");
    expect(endpoint.document("run_a")).toEqual({ step: 1, n: 1 });
    expect(endpoint.document("run_other")).toEqual({});
    expect(endpoint.applied("run_a")).toEqual([{ type: "set", key: "step", value: 1 }, ...increment]);
  });

  test("reads come from the same document and take no reply of the script", async () => {
    const endpoint = scriptedEndpoint([status(503)], { document: { a: 1 } });
    const read = await endpoint.fetch(new Request(`${endpoint.baseURL}/api/v1/runs/run_a/metadata`));
    expect(await read.json()).toEqual({ metadata: { a: 1 } });
    expect((await put(endpoint, increment)).status).toBe(503);
    expect((await put(endpoint, increment)).status).toBe(200);
    expect(endpoint.document("run_a")).toEqual({ a: 1, n: 1 });
  });

  test("I9 applies a batch once for its key, and says so", async () => {
    const endpoint = scriptedEndpoint();
    for (let time = 0; time < 3; time += 1) await put(endpoint, increment, { key: "p.1" });
    await put(endpoint, increment, { key: "p.2" });
    await put(endpoint, increment, { key: "p.1", run: "run_b" });
    expect(endpoint.document("run_a")).toEqual({ n: 2 });
    expect(endpoint.document("run_b")).toEqual({ n: 1 });
    const other = await put(endpoint, [], { key: "p.1" });
    expect(other.status).toBe(422);
  });

  test("F4 an endpoint that does not deduplicate applies it each time, and does not say so", async () => {
    const endpoint = scriptedEndpoint([], { deduplicates: false });
    await put(endpoint, increment, { key: "p.1" });
    const reply = await put(endpoint, increment, { key: "p.1" });
    expect(reply.headers.get("x-runmeta-dedupe")).toBeNull();
    expect(endpoint.document("run_a")).toEqual({ n: 2 });
  });

  test("a document larger than the limit is refused whole", async () => {
    const endpoint = scriptedEndpoint([], { maximumSize: 20 });
    const reply = await put(endpoint, [...increment, { type: "set", key: "text", value: "x".repeat(20) }]);
    expect([reply.status, await reply.json()]).toEqual([
      413,
      { error: "Metadata exceeds maximum size of 20 bytes" },
    ]);
    expect(endpoint.document("run_a")).toEqual({});
    expect(endpoint.applied("run_a")).toEqual([]);
  });

  test("a body replaces the document, unless operations come with it", async () => {
    const endpoint = scriptedEndpoint([], { document: { a: 1 } });
    await put(endpoint, undefined, { body: { metadata: { b: 2 } } });
    expect(endpoint.document("run_a")).toEqual({ b: 2 });
    await put(endpoint, undefined, { body: { metadata: { c: 3 }, operations: [] } });
    expect(endpoint.document("run_a")).toEqual({ b: 2 });
    expect(endpoint.applied("run_a")).toEqual([{ type: "update", value: { b: 2 } }]);
  });

  test("bodies and run ids that a server refuses are refused", async () => {
    const endpoint = scriptedEndpoint();
    expect((await put(endpoint, [{ type: "set", key: "__proto__", value: 1 }])).status).toBe(400);
    expect((await put(endpoint, increment, { run: "job-1" })).status).toBe(400);
    const unknown = await endpoint.fetch(new Request(`${endpoint.baseURL}/nowhere`));
    expect(unknown.status).toBe(404);
  });

  test("parent operations without a parent land on the run itself", async () => {
    const endpoint = scriptedEndpoint();
    const reply = await put(endpoint, undefined, {
      body: { parentOperations: increment, rootOperations: [{ type: "remove", key: "no", value: 1 }] },
    });
    expect(await reply.json()).toEqual({
      metadata: { n: 1 },
      ineffective: [{ target: "root", key: "no" }],
    });
    expect(endpoint.applied("run_a")).toEqual(increment);
  });

  test("a reply is used once, in order, and then come those of `otherwise`", async () => {
    const endpoint = scriptedEndpoint([accepted(), tooLarge()], { otherwise: status(503) });
    const codes = [];
    for (let time = 0; time < 4; time += 1) codes.push((await put(endpoint, increment)).status);
    expect(codes).toEqual([200, 413, 503, 503]);
    expect(endpoint.requests.map((request) => request.status)).toEqual(codes);
    endpoint.verify();
  });

  test("F4 a lost reply is applied, a network fault is not; both look like Node's fetch", async () => {
    const endpoint = scriptedEndpoint([lostReply(), networkFault("ECONNREFUSED")]);
    await expect(put(endpoint, increment)).rejects.toMatchObject({
      name: "TypeError",
      message: "fetch failed",
      cause: { code: "ECONNRESET" },
    });
    expect(endpoint.document("run_a")).toEqual({ n: 1 });
    await expect(put(endpoint, increment)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
    expect(endpoint.document("run_a")).toEqual({ n: 1 });
    expect(endpoint.requests.map(({ status: code, fault }) => [code, fault])).toEqual([
      [undefined, "ECONNRESET"],
      [undefined, "ECONNREFUSED"],
    ]);
  });

  test("F5 status carries Retry-After in seconds, or as it is", async () => {
    const endpoint = scriptedEndpoint([
      status(503, { retryAfterMs: 2_500 }),
      status(429, { retryAfter: "abc", body: "busy" }),
    ]);
    const rounded = await put(endpoint, increment);
    expect(rounded.headers.get("retry-after")).toBe("3");
    const nonsense = await put(endpoint, increment);
    expect([nonsense.headers.get("retry-after"), await nonsense.text()]).toEqual(["abc", "busy"]);
  });

  test("F9 a broken body comes after the request was applied; F7 a redirect applies nothing", async () => {
    const endpoint = scriptedEndpoint([brokenBody("<html>"), redirect("http://elsewhere.test/")]);
    const broken = await put(endpoint, increment);
    expect([broken.status, await broken.text(), broken.headers.get("x-runmeta-dedupe")]).toEqual([
      200,
      "<html>",
      "1",
    ]);
    const redirected = await put(endpoint, increment);
    expect([redirected.status, redirected.headers.get("location")]).toEqual([307, "http://elsewhere.test/"]);
    expect(endpoint.document("run_a")).toEqual({ n: 1 });
  });

  test("F8 a slow reply waits on the clock and leaves no timer when its request is aborted", async () => {
    const clock = manualClock();
    const endpoint = scriptedEndpoint([slow(5_000), slow(5_000)], { clock });
    const reply = put(endpoint, increment);
    await clock.advance(4_999);
    expect(endpoint.requests[0]?.status).toBeUndefined();
    await clock.advance(1);
    expect((await reply).status).toBe(200);

    const abort = new AbortController();
    const aborted = put(endpoint, increment, { signal: abort.signal });
    await clock.settle();
    abort.abort(new Error("gave up"));
    await expect(aborted).rejects.toThrow("gave up");
    expect(clock.pendingTimers).toEqual([]);
    expect(endpoint.document("run_a")).toEqual({ n: 1 });
  });

  test("F8 a request that hangs ends when it is aborted, and applies nothing", async () => {
    const endpoint = scriptedEndpoint([hangs()]);
    const abort = new AbortController();
    const request = put(endpoint, increment, { signal: abort.signal });
    abort.abort(new Error("deadline"));
    await expect(request).rejects.toThrow("deadline");
    expect(endpoint.document("run_a")).toEqual({});
  });

  test("a strict script fails loudly when it runs out", async () => {
    const endpoint = scriptedEndpoint([accepted()], { strict: true });
    await put(endpoint, increment);
    endpoint.verify();
    await expect(put(endpoint, increment)).rejects.toThrow(
      "the script has 1 replies, and metadata request 2",
    );
    expect(() => endpoint.verify()).toThrow("metadata request 2");
  });

  test("verify names replies that were never used", async () => {
    const endpoint = scriptedEndpoint([accepted(), status(503)]);
    await put(endpoint, increment);
    expect(() => endpoint.verify()).toThrow("1 of 2 scripted replies were never used");
  });

  test("records requests as they were sent", async () => {
    const clock = manualClock({ start: 7 });
    const endpoint = scriptedEndpoint([], { clock });
    await put(endpoint, increment, { key: "p.1" });
    expect(endpoint.metadataRequests).toMatchObject([
      {
        method: "PUT",
        url: "http://runmeta.test/api/v1/runs/run_a/metadata",
        headers: { "x-trigger-request-idempotency-key": "p.1" },
        body: { operations: increment },
        status: 200,
        at: 7,
      },
    ]);
  });

  test("what a test gets is its own: changing it changes no document", async () => {
    const endpoint = scriptedEndpoint([], { document: { list: [1] } });
    const document = endpoint.document("run_a");
    (document.list as number[]).push(2);
    await put(endpoint, increment);
    (endpoint.document("run_a").list as number[]).push(3);
    expect(endpoint.document("run_a")).toEqual({ list: [1], n: 1 });
  });
});
