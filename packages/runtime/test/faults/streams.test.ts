import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { metadata, type Warning, withRunResult } from "../../src/index.ts";
import { ApiClient } from "../../src/worker.ts";

interface Fake extends AsyncDisposable {
  readonly url: string;
  /** Chunks as they were stored, each once by its index. */
  readonly stored: unknown[];
  readonly calls: string[];
}

type Fault = (request: IncomingMessage, response: ServerResponse, body: string) => boolean;

/** A server that stores one stream, except where `fault` answers. */
async function fakeServer(fault: Fault): Promise<Fake> {
  const stored: unknown[] = [];
  const calls: string[] = [];
  const server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const { method = "", url = "" } = request;
    if (url.includes("/streams/")) calls.push(method);
    if (url.includes("/streams/") && fault(request, response, body)) return;
    if (url.includes("/streams/") && method === "POST") store(request, body);
    const headers = { "x-last-chunk-index": String(stored.length - 1), "x-runmeta-dedupe": "1" };
    response.writeHead(200, headers).end(method === "HEAD" ? undefined : '{"metadata":{}}');
  });
  const store = (request: IncomingMessage, body: string) => {
    const from = Number(request.headers["x-resume-from-chunk"]);
    const chunks = body
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    stored.push(...chunks.slice(Math.max(0, stored.length - from)));
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stored,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function streamed(fake: Fake, source: AsyncIterable<unknown>, drainTimeoutMs = 5_000) {
  const warnings: Warning[] = [];
  const result = await withRunResult(
    {
      client: new ApiClient({ baseURL: fake.url, accessToken: "tr_dev_x" }),
      flush: { drainTimeoutMs, requestTimeoutMs: 1_000 },
      onWarning: (warning) => warnings.push(warning),
    },
    async () => {
      const seen: unknown[] = [];
      for await (const item of await metadata.stream("words", source)) seen.push(item);
      return seen;
    },
  );
  return {
    result,
    lost: warnings.filter(({ code }) => code === "STREAM_LOST").map(({ message }) => message),
  };
}

async function* count(to: number) {
  for (let n = 0; n < to; n++) yield n;
}

test("an endpoint that fails in the middle is asked how far it is, and gets each chunk once", async () => {
  let failures = 0;
  await using fake = await fakeServer((request, response, body) => {
    if (request.method !== "POST" || failures >= 3) return false;
    failures += 1;
    if (failures === 1) return response.writeHead(503, { "retry-after": "0" }).end() !== undefined;
    // Stored, and the reply is lost.
    fake.stored.push(...body.trim().split("\n").slice(0, 2).map(Number));
    return request.socket.destroy() !== undefined;
  });
  const { result, lost } = await streamed(fake, count(10));
  expect(result).toMatchObject({ ok: true, value: [...Array(10).keys()] });
  expect([fake.stored, lost]).toEqual([[...Array(10).keys()], []]);
  expect(fake.calls).toContain("HEAD");
});

test("an endpoint that stays away fails no run, and what is lost is named once", async () => {
  await using fake = await fakeServer((request) => request.socket.destroy() !== undefined);
  const { result, lost } = await streamed(fake, count(5), 300);
  expect(result).toMatchObject({ ok: true, value: [0, 1, 2, 3, 4] });
  expect(lost).toEqual([
    "5 chunks of stream words were not stored: the run ended, and 300 ms later they were not sent yet",
  ]);
});

test("a refusal ends the sending; the job gets everything all the same", async () => {
  await using fake = await fakeServer((request, response) => {
    if (request.method !== "POST") return false;
    return response.writeHead(413).end('{"error":"Stream words is full"}') !== undefined;
  });
  const { result, lost } = await streamed(fake, count(3));
  expect(result).toMatchObject({ ok: true, value: [0, 1, 2] });
  expect(lost).toEqual([expect.stringMatching(/^3 chunks of stream words .* 413: .*full/)]);
});

test("a source that never ends is stopped when the run has", async () => {
  await using fake = await fakeServer(() => false);
  let returned = false;
  const endless = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<IteratorResult<number>>(() => undefined),
      return: async () => {
        returned = true;
        return { done: true as const, value: undefined };
      },
    }),
  };
  const result = await withRunResult(
    {
      client: new ApiClient({ baseURL: fake.url, accessToken: "tr_dev_x" }),
      flush: { drainTimeoutMs: 50 },
      onWarning: () => undefined,
    },
    async () => void (await metadata.stream("words", endless)),
  );
  expect([result.ok, returned]).toEqual([true, true]);
});

test("a copy that nobody reads is kept up to a limit, and then says where to read instead", async () => {
  await using fake = await fakeServer(() => false);
  const large = async function* () {
    for (let n = 0; n < 4; n++) yield "x".repeat(400_000);
  };
  const result = await withRunResult(
    { client: new ApiClient({ baseURL: fake.url, accessToken: "tr_dev_x" }), onWarning: () => undefined },
    async () => {
      const copy = await metadata.stream("words", large());
      await expect.poll(() => fake.stored.length).toBe(4);
      for await (const _ of copy) expect.unreachable();
    },
  );
  expect(result).toMatchObject({ ok: false, error: { code: "RUNMETA_STREAM_RELEASED" } });
});

test("a chunk that is no JSON is left out by name", async () => {
  await using fake = await fakeServer(() => false);
  const mixed = async function* () {
    yield* [1, 2n, 3];
  };
  const { result, lost } = await streamed(fake, mixed());
  expect(result).toMatchObject({ ok: true, value: [1, 2n, 3] });
  expect([fake.stored, lost.length]).toEqual([[1, 3], 1]);
});
