import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Route } from "../../src/http/route.ts";
import { allRoutes } from "../../src/routes/all-routes.ts";
import { systemClock } from "../../src/service/clock.ts";
import type { Services } from "../../src/service/services.ts";
import { signToken } from "../auth/sign-token.ts";
import { anyJson, bodyOf, oddText, queryOf } from "./fuzz-arbitraries.ts";
import { DEV_KEY, startTestServer, type TestServer } from "./test-server.ts";

// Only what the routes say about themselves is looked at; a new route is fuzzed without a word here.
const routes: readonly Route[] = allRoutes({} as Services, systemClock);

let api: TestServer;
/** A public token that may do everything. */
let admin: string;
/** Something there is for each name of a path parameter. */
let known: Readonly<Record<string, string>>;
beforeAll(async () => {
  api = await startTestServer();
  admin = await signToken(["admin"]);
  known = {
    runId: await api.trigger(),
    batchId: (await api.call("POST", "/api/v3/batches", { runCount: 1000 })).body.id,
    taskId: "hello",
    session: "fuzz",
    id: "record",
    key: "a".repeat(64),
  };
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

function address(route: Route, oddId: string | undefined, query: Record<string, string>): string {
  const path = route.path.replaceAll(/:(\w+)(?:\{[^}]*\})?/g, (_all, name: string) => {
    const id = oddId ?? known[name] ?? name;
    return encodeURIComponent(id.replaceAll(/\p{Surrogate}/gu, "?"));
  });
  return `http://localhost${path}?${new URLSearchParams(query)}`;
}

/** What a shape's reader is told to start over with: not ours to word. */
const MUST_REFETCH = [{ headers: { control: "must-refetch" } }];

/** Feeds have no end: of those, what comes first. */
async function textOf(response: Response): Promise<string> {
  if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true)
    return await response.text();
  const reader = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(first?.value);
}

async function send(url: string, init: RequestInit): Promise<{ status: number; text: string }> {
  const response = await api.server.fetch(new Request(url, { duplex: "half", ...init } as RequestInit));
  const text = await textOf(response);
  const label = `${init.method} ${url.slice(0, 200)}`;
  if (response.status >= 500) throw new Error(`${label}: ${response.status} ${text} ${api.errors.at(-1)}`);
  expect(response.status, `${label}: not where the routes are`).not.toBe(405);
  expect(response.headers.get("x-runmeta-dedupe"), label).toBe("1");
  if (response.status >= 400 && text !== "") {
    const refusal: unknown = JSON.parse(text);
    if (response.status !== 409 || !Array.isArray(refusal))
      expect(refusal, label).toMatchObject({ error: expect.any(String) });
    else expect(refusal, label).toEqual(MUST_REFETCH);
  }
  expect(({} as Record<string, unknown>).polluted, label).toBeUndefined();
  return { status: response.status, text };
}

const oddHeader = fc.oneof(
  fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 40,
  }),
  fc.constantFrom("gzip", "application/json", "text/plain", "*", '"0"', "-1", "x".repeat(5000)),
);
const headers = fc.dictionary(
  fc.constantFrom(
    "content-type",
    "content-encoding",
    "x-trigger-request-idempotency-key",
    "x-trigger-api-version",
    "x-trigger-branch",
    "if-match",
    "if-none-match",
    "accept",
    "origin",
    "traceparent",
  ),
  oddHeader,
  { maxKeys: 2, noNullPrototype: true },
);

describe("S3 no request makes a 500, every refusal is JSON with a text", () => {
  test.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    "%s",
    async (_name, route) => {
      const keys = fc.oneof(
        { weight: 5, arbitrary: fc.constant(`Bearer ${DEV_KEY}`) },
        { weight: 2, arbitrary: fc.constant(`Bearer ${admin}`) },
        { weight: 1, arbitrary: oddHeader },
      );
      const body = route.body.kind === "none" ? anyJson : bodyOf(route.body.schema);
      await fc.assert(
        fc.asyncProperty(
          keys,
          fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: oddText }),
          body,
          queryOf(route.query),
          fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: headers }),
          async (authorization, oddId, content, query, more) => {
            const type = route.body.kind === "ndjson" ? "application/x-ndjson" : "application/json";
            await send(address(route, oddId, query), {
              method: route.method,
              headers: { authorization, "content-type": type, ...more },
              ...(route.method === "GET" ? {} : { body: JSON.stringify(content) ?? "" }),
            });
          },
        ),
        { numRuns: Number(process.env.FUZZ_RUNS ?? 40) },
      );
    },
  );
});

const polluting =
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"metadata":{"__proto__":{"polluted":1}}}';
const zipped = gzipSync(JSON.stringify({ metadata: { z: "z".repeat(1000) } }));
/** Bodies that are no JSON, or none that a parser should be handed; and what stands in their headers. */
const rawBodies: readonly [string, () => string | Uint8Array | ReadableStream, Record<string, string>?][] = [
  ["nothing", () => ""],
  ["half of a document", () => '{"metadata":{"a":'],
  ["invalid UTF-8", () => new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ["a byte order mark", () => '\ufeff{"metadata":{}}'],
  ["NUL", () => "\u0000"],
  ["7,000 levels", () => `${'{"a":['.repeat(3500)}${"]}".repeat(3500)}`],
  ["1,000,000 levels that never end", () => "[".repeat(1_000_000)],
  ["a number beyond doubles", () => '{"a":1e400,"runCount":1e400,"tags":[1e400]}'],
  ["prototypes", () => polluting],
  ["gzip", () => new Uint8Array(zipped), { "content-encoding": "gzip" }],
  ["gzip that is cut", () => new Uint8Array(zipped.subarray(0, 30)), { "content-encoding": "gzip" }],
  ["gzip that is none", () => "{}", { "content-encoding": "gzip" }],
  ["an encoding that nobody knows", () => "{}", { "content-encoding": "zstd, x" }],
  ["a bomb", () => new Uint8Array(bomb), { "content-encoding": "gzip" }],
  ["a stream of spaces without end", endless],
];
const bomb = gzipSync(`"${"x".repeat(20_000_000)}"`);

function endless(): ReadableStream {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(0x20)),
  });
}

describe("S1 S2 raw bytes", () => {
  const withBody = routes.filter((route) => route.body.kind !== "none");
  async function sendAll(): Promise<void> {
    for (const route of withBody) {
      const type = route.body.kind === "ndjson" ? "application/x-ndjson" : "application/json";
      for (const [name, body, more] of rawBodies) {
        const { status } = await send(address(route, undefined, {}), {
          method: route.method,
          headers: { authorization: `Bearer ${DEV_KEY}`, "content-type": type, ...more },
          body: body(),
        });
        if (name === "a bomb" || name.startsWith("a stream"))
          // 404: a stream is looked for before any of its chunks is read.
          expect([413, 415, 422, 404], `${route.path}: ${name}`).toContain(status);
      }
    }
  }

  test("on every route are refused or taken, and leave nothing in memory", async () => {
    await sendAll();
    const before = usedHeap();
    await sendAll();
    await sendAll();
    expect(usedHeap() - before).toBeLessThan(16 * 1024 * 1024);
  }, 120_000);
});

/** Bytes of live objects. */
function usedHeap(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
