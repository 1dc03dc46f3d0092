import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { ApiClient } from "../../src/client/api-client.ts";
import type { Clock } from "../../src/clock.ts";
import { currentScope, runInScope } from "../../src/context/context-storage.ts";
import {
  ApiError,
  AuthenticationError,
  BadRequestError,
  ConfigError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  UnprocessableEntityError,
} from "../../src/errors.ts";
import { fakeScope } from "./fake-scope.ts";
import { scriptedServer, TOKEN } from "./scripted-server.ts";
import { skippingClock } from "./skipping-clock.ts";

const client = (url: string, clock: Clock = skippingClock()) =>
  new ApiClient({ baseURL: url, accessToken: TOKEN, clock });

describe("a request", () => {
  it("carries the official client's headers, and the token as bearer", async () => {
    await using server = await scriptedServer([{ body: { ok: 1 } }]);
    expect(await client(server.url).request("GET", "/x", { query: { a: "1 2", b: undefined } })).toEqual({
      ok: 1,
    });
    const [request] = server.requests;
    expect(request?.query.toString()).toBe("a=1+2");
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      "content-type": "application/json",
      "trigger-version": "4.8.3",
      "x-trigger-api-version": "2025-07-16",
      "x-trigger-request-idempotency-key": expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it("keeps a path prefix of the base URL", async () => {
    await using server = await scriptedServer([{ body: {} }]);
    const prefixed = client(`${server.url}/api-of/jobs//`);
    expect(prefixed.baseURL).toBe(`${server.url}/api-of/jobs`);
    await prefixed.request("GET", "/api/v1/runs");
    expect(server.requests[0]?.path).toBe("/api-of/jobs/api/v1/runs");
  });

  it("F17 runs outside the run, so an instrumented fetch writes no metadata about it", async () => {
    await using server = await scriptedServer([{ body: {} }]);
    const seen: unknown[] = [];
    const own = new ApiClient({
      baseURL: server.url,
      accessToken: TOKEN,
      fetch: (request) => {
        seen.push(currentScope());
        return fetch(request);
      },
    });
    const scope = fakeScope();
    await runInScope(scope, async () => {
      await own.request("GET", "/x");
      expect(currentScope()).toBe(scope);
    });
    expect(seen).toEqual([undefined]);
  });

  it("gives undefined for an empty reply", async () => {
    await using server = await scriptedServer([{ status: 204 }]);
    expect(await client(server.url).request("POST", "/x", { body: {} })).toBeUndefined();
  });
});

describe("retries", () => {
  it.each([408, 409, 429, 500, 503])("sends again after %i with the same idempotency key", async (status) => {
    await using server = await scriptedServer([{ status }, { status }, { body: { done: true } }]);
    const clock = skippingClock();
    expect(await client(server.url, clock).request("POST", "/x", { body: { a: 1 } })).toEqual({ done: true });
    expect(clock.waits).toEqual([1_000, 1_600]);
    const keys = server.requests.map((request) => request.headers["x-trigger-request-idempotency-key"]);
    expect(new Set(keys).size).toBe(1);
    expect(new Set(server.requests.map((request) => request.body)).size).toBe(1);
  });

  it("uses a new key for the next call", async () => {
    await using server = await scriptedServer([{ body: {} }, { body: {} }]);
    const one = client(server.url);
    await one.request("POST", "/x");
    await one.request("POST", "/x");
    const keys = server.requests.map((request) => request.headers["x-trigger-request-idempotency-key"]);
    expect(new Set(keys).size).toBe(2);
  });

  it("gives up after five requests, 9.3 s in all", async () => {
    await using server = await scriptedServer(() => ({ status: 503, body: { error: "busy" } }));
    const clock = skippingClock();
    const error = await client(server.url, clock)
      .request("GET", "/x")
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: "RUNMETA_API", status: 503, body: { error: "busy" } });
    expect(server.requests).toHaveLength(5);
    expect(clock.waits).toEqual([1_000, 1_600, 2_560, 4_096]);
  });

  it("F3 sends again after a reset connection", async () => {
    await using server = await scriptedServer([{ reset: true }, { body: { ok: true } }]);
    expect(await client(server.url).request("POST", "/x", { body: {} })).toEqual({ ok: true });
  });

  it("F2 a closed port is retried, then an ApiError with status 0", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const clock = skippingClock();
    const error = await client(`http://127.0.0.1:${port}`, clock)
      .request("GET", "/x")
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "RUNMETA_API",
      status: 0,
      message: expect.stringContaining("ECONNREFUSED"),
    });
    expect(clock.waits).toHaveLength(4);
  });

  it("an error says what the reply's details say", async () => {
    const details = [
      { code: "custom", message: "Page size must be between 1 and 100", path: ["page[size]"] },
    ];
    await using server = await scriptedServer([
      { status: 400, body: { error: "Query Error", details: [...details, null, { message: 1 }] } },
    ]);
    await expect(client(server.url).request("GET", "/x")).rejects.toMatchObject({
      message: "GET /x answered 400: Query Error: Page size must be between 1 and 100",
    });
  });

  it.each([400, 401, 403, 404, 413, 422])("does not send again after %i", async (status) => {
    await using server = await scriptedServer([{ status, body: { error: "no" } }]);
    await expect(client(server.url).request("GET", "/x")).rejects.toMatchObject({
      status,
      message: `GET /x answered ${status}: no`,
    });
    expect(server.requests).toHaveLength(1);
  });

  it("obeys x-should-retry whatever the status", async () => {
    await using server = await scriptedServer([
      { status: 404, headers: { "x-should-retry": "true" } },
      { status: 503, headers: { "x-should-retry": "false" }, body: { error: "closed" } },
    ]);
    await expect(client(server.url).request("GET", "/x")).rejects.toMatchObject({ status: 503 });
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ["3", 3_000],
    ["0", 1_000],
    ["-1", 1_000],
    ["abc", 1_000],
    ["1e9", 300_000],
  ])("F5 Retry-After %s waits %i ms", async (retryAfter, waitMs) => {
    await using server = await scriptedServer([
      { status: 429, headers: { "retry-after": retryAfter } },
      { body: {} },
    ]);
    const clock = skippingClock();
    await client(server.url, clock).request("GET", "/x");
    expect(clock.waits).toEqual([waitMs]);
  });

  it("F5 Retry-After as a date, and x-ratelimit-reset of a 429", async () => {
    const at = (ms: number) => Date.now() + ms;
    await using server = await scriptedServer([
      { status: 503, headers: { "retry-after": new Date(at(30_000)).toUTCString() } },
      { status: 429, headers: { "x-ratelimit-reset": String(at(90_000)) } },
      { body: {} },
    ]);
    const clock = skippingClock();
    await client(server.url, clock).request("GET", "/x");
    expect(clock.waits[0]).toBeGreaterThan(28_000);
    expect(clock.waits[0]).toBeLessThanOrEqual(30_000);
    expect((clock.waits[0] ?? 0) + (clock.waits[1] ?? 0)).toBeGreaterThan(88_000);
  });

  it("an aborted signal ends the wait with its reason", async () => {
    await using server = await scriptedServer([{ status: 503, headers: { "retry-after": "60" } }]);
    const abort = new AbortController();
    const clock = skippingClock();
    const waiting: Clock = {
      ...clock,
      setTimer: (callback, delayMs, options) => {
        if (options?.keepAlive !== true) return clock.setTimer(callback, delayMs, options);
        queueMicrotask(() => abort.abort(new Error("enough")));
        return { cancel() {} };
      },
    };
    await expect(client(server.url, waiting).request("GET", "/x", { signal: abort.signal })).rejects.toThrow(
      "enough",
    );
    expect(server.requests).toHaveLength(1);
  });

  it("F8 a server that never answers is cut at the deadline", async () => {
    await using server = await scriptedServer(() => new Promise(() => {}));
    const error = await client(server.url)
      .request("GET", "/x", { timeoutMs: 30, retry: { maxAttempts: 1 } })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 0, message: expect.stringContaining("30 ms") });
  });

  it("F4 what counts twice is not sent again to a server that may have applied it and does not deduplicate", async () => {
    await using server = await scriptedServer([{ reset: true }, { body: {} }]);
    const error = await client(server.url)
      .request("PUT", "/x", { body: {}, repeatable: false })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 0, message: expect.stringContaining("may have been applied") });
    expect(server.requests.map((request) => request.method)).toEqual(["PUT", "GET"]);
  });

  it("F4 it is sent again, with the same key, to one that says it deduplicates when it is asked", async () => {
    const dedupes = { "x-runmeta-dedupe": "1" };
    await using server = await scriptedServer([
      { reset: true },
      { reset: true },
      { status: 404, headers: dedupes },
      { body: { done: true }, headers: dedupes },
    ]);
    const one = client(server.url);
    expect(await one.request("PUT", "/x", { body: { a: 1 }, repeatable: false })).toEqual({ done: true });
    expect(server.requests.map((request) => request.method)).toEqual(["PUT", "GET", "GET", "PUT"]);
    const key = (index: number) => server.requests[index]?.headers["x-trigger-request-idempotency-key"];
    expect(key(3)).toBe(key(0));
  });

  it("F4 a refusal that follows is what the caller hears", async () => {
    const headers = { "x-runmeta-dedupe": "1" };
    await using server = await scriptedServer([
      { status: 500, headers },
      { status: 413, headers, body: { error: "too large" } },
    ]);
    const call = client(server.url).request("PUT", "/x", { body: {}, repeatable: false });
    await expect(call).rejects.toMatchObject({ status: 413 });
  });

  it("F4 a server that is known to deduplicate is not asked, nor one that refused before it applied anything", async () => {
    await using server = await scriptedServer([
      { status: 429 },
      { body: {}, headers: { "x-runmeta-dedupe": "1" } },
      { reset: true },
      { body: {} },
    ]);
    const one = client(server.url);
    await one.request("PUT", "/x", { body: {}, repeatable: false });
    await one.request("PUT", "/x", { body: {}, repeatable: false });
    expect(server.requests.map((request) => request.method)).toEqual(["PUT", "PUT", "PUT", "PUT"]);
  });
});

describe("replies that are not the API's", () => {
  it("F7 follows no redirect", async () => {
    await using other = await scriptedServer([]);
    await using server = await scriptedServer([{ status: 307, headers: { location: `${other.url}/y` } }]);
    await expect(client(server.url).request("POST", "/x", { body: { secret: 1 } })).rejects.toMatchObject({
      status: 307,
      message: expect.stringContaining("redirects are not followed"),
    });
    expect(other.requests).toHaveLength(0);
  });

  it("F9 a page of HTML with status 200 is an error that points at the base URL", async () => {
    await using server = await scriptedServer([{ text: "<html>log in</html>" }]);
    await expect(client(server.url).request("GET", "/x")).rejects.toMatchObject({
      status: 200,
      message: expect.stringContaining("base URL"),
    });
  });

  it("keeps the body and the headers of an error", async () => {
    await using server = await scriptedServer([
      { status: 422, headers: { "x-a": "b" }, body: { error: "no", code: "c" } },
    ]);
    await expect(client(server.url).request("GET", "/x")).rejects.toMatchObject({
      body: { error: "no", code: "c" },
      headers: { "x-a": "b" },
    });
  });
});

describe("A4 the token", () => {
  it("is in no message, also when the server repeats it", async () => {
    await using server = await scriptedServer([{ status: 401, body: { error: `Unknown key ${TOKEN}` } }]);
    const error = await client(server.url)
      .request("GET", "/x")
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("Unknown key [token]");
    expect(String(error)).not.toContain(TOKEN);
  });

  it.each(["tr_dev_ä", "tr dev", "tr_dev_\u0000", ""])(
    "that cannot be a header is refused without repeating it",
    (token) => {
      const build = () => new ApiClient({ baseURL: "http://127.0.0.1:1", accessToken: token });
      expect(build).toThrow(ConfigError);
      if (token !== "") expect(build).not.toThrow(token);
    },
  );

  it("loses the line break of a secrets file", async () => {
    await using server = await scriptedServer([{ body: {} }]);
    await new ApiClient({ baseURL: server.url, accessToken: `${TOKEN}\n` }).request("GET", "/x");
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });
});

describe("the base URL", () => {
  it.each(["", "localhost:3030", "ftp://h", "http://user:secret@h", "http://h/?a=1"])(
    "%j is refused",
    (baseURL) => {
      const build = () => new ApiClient({ baseURL, accessToken: TOKEN });
      expect(build).toThrow(ConfigError);
      expect(build).not.toThrow(/secret/);
    },
  );
});

describe("the errors of refused calls", () => {
  it.each([
    [400, BadRequestError],
    [401, AuthenticationError],
    [403, PermissionDeniedError],
    [404, NotFoundError],
    [409, ConflictError],
    [413, ApiError],
    [422, UnprocessableEntityError],
    [500, InternalServerError],
  ])("%i has the class of the official client", async (status, ErrorClass) => {
    const body = { error: "no", code: "because" };
    await using server = await scriptedServer([{ status, body, headers: { "x-should-retry": "false" } }]);
    const error = await client(server.url)
      .request("GET", "/x")
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ErrorClass);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ name: ErrorClass.name, code: "RUNMETA_API", status, body });
  });

  it("429 says how long the server wants to be left alone", async () => {
    const resetAt = skippingClock().wallTime() + 60_000;
    const headers = { "x-should-retry": "false", "x-ratelimit-reset": String(resetAt) };
    await using server = await scriptedServer([
      { status: 429, headers },
      { status: 429, headers: { "x-should-retry": "false" } },
    ]);
    const one = client(server.url);
    const limited = await one.request("GET", "/x").catch((thrown: unknown) => thrown);
    expect(limited).toBeInstanceOf(RateLimitError);
    expect((limited as RateLimitError).millisecondsUntilReset).toBeGreaterThan(50_000);
    const silent = await one.request("GET", "/x").catch((thrown: unknown) => thrown);
    expect((silent as RateLimitError).millisecondsUntilReset).toBeUndefined();
  });
});
