import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { clearProcessRegistry } from "../../src/lifecycle/process-registry.ts";
import { retry } from "../../src/lifecycle/retry.ts";
import { matchesStatus } from "../../src/lifecycle/status-pattern.ts";
import { task } from "../../src/lifecycle/task.ts";
import { skippingClock } from "../client/skipping-clock.ts";
import { execute } from "./execute.ts";

afterEach(clearProcessRegistry);

type Answer = { readonly status: number; readonly headers?: Record<string, string> } | "never" | "hang up";

/** Answers one request after the other; the last answer is repeated. */
async function answering(...answers: Answer[]) {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    requests.push(`${request.method} ${body}`);
    if (answer === "hang up") request.socket.destroy();
    else if (answer !== "never" && answer !== undefined)
      response.writeHead(answer.status, answer.headers).end("answer");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Runs `body` inside a run whose waits take no time. */
async function inRun<T>(body: () => Promise<T>, clock = skippingClock()) {
  const fetching = task({ id: "fetching", run: body });
  return (await execute(fetching, undefined, { clock })).outcome;
}

const plain = { randomize: false } as const;

describe("retry.fetch", () => {
  it.each([408, 429, 500, 503])("asks again after %i, and gives the first good response", async (status) => {
    await using server = await answering({ status }, { status }, { status: 200 });
    const init = { method: "POST", body: "x" };
    expect(await inRun(async () => (await retry.fetch(server.url, init)).text())).toMatchObject({
      value: "answer",
    });
    expect(server.requests).toEqual(["POST x", "POST x", "POST x"]);
  });

  it("gives the last response as it is, after three attempts or as many as were asked for", async () => {
    await using server = await answering({ status: 503 });
    const byStatus = { "5xx": { strategy: "backoff", maxAttempts: 2, ...plain } } as const;
    expect(await inRun(async () => (await retry.fetch(server.url)).status)).toMatchObject({ value: 503 });
    expect(server.requests).toHaveLength(3);
    expect(
      await inRun(async () => (await retry.fetch(server.url, { retry: { byStatus } })).status),
    ).toMatchObject({ value: 503 });
    expect(server.requests).toHaveLength(5);
  });

  it("does not ask again after other statuses, or with a stream as its body", async () => {
    await using server = await answering({ status: 404 }, { status: 503 });
    expect((await retry.fetch(server.url)).status).toBe(404);
    const body = new Blob(["x"]).stream();
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    expect((await retry.fetch(server.url, init)).status).toBe(503);
    expect(server.requests).toHaveLength(2);
  });

  it("waits until the time that a header names, and not without one", async () => {
    const clock = skippingClock();
    const resetAt = clock.wallTime() + 5_000;
    await using server = await answering(
      { status: 429, headers: { "x-reset": new Date(resetAt).toISOString() } },
      { status: 429 },
    );
    const strategy = { strategy: "headers", resetHeader: "x-reset", resetFormat: "iso_8601" } as const;
    const byStatus = { "429": strategy };
    const outcome = await inRun(
      async () => (await retry.fetch(server.url, { retry: { byStatus } })).status,
      clock,
    );
    expect(outcome).toMatchObject({ value: 429 });
    expect(server.requests).toHaveLength(2);
    expect(clock.waits).toContain(5_000);
  });

  it("tries a lost connection and a late answer again, and throws what the last one was", async () => {
    await using lost = await answering("hang up", { status: 200 });
    expect(await inRun(async () => (await retry.fetch(lost.url)).status)).toMatchObject({ value: 200 });
    await using dead = await answering("hang up");
    const connectionError = { maxAttempts: 2, ...plain };
    expect(await inRun(() => retry.fetch(dead.url, { retry: { connectionError } }))).toMatchObject({
      kind: "failed",
      error: { message: "fetch failed" },
    });
    expect(dead.requests.length).toBeLessThanOrEqual(4);
    await using late = await answering("never");
    const timeout = { maxAttempts: 1 };
    await expect(retry.fetch(late.url, { timeoutInMs: 30, retry: { timeout } })).rejects.toThrow("aborted");
    expect(late.requests.length).toBeLessThanOrEqual(1);
  });

  it("ends with the caller's signal, and refuses a timeout that is none", async () => {
    await using server = await answering("never");
    const controller = new AbortController();
    const waiting = retry.fetch(server.url, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(retry.fetch(server.url, { timeoutInMs: 0 })).rejects.toThrow(
      "timeoutInMs must be more than 0",
    );
  });
});

describe("matchesStatus", () => {
  it.each([
    ["404", 404, true],
    ["404", 400, false],
    ["500-599", 503, true],
    ["500-599", 600, false],
    ["5xx", 503, true],
    ["5xx", 403, false],
    ["40x", 409, true],
    ["40x", 410, false],
    ["401, 403,5xx", 403, true],
    ["all", 200, true],
  ])("%s and %i: %s", (pattern, status, expected) => {
    expect(matchesStatus(pattern, status)).toBe(expected);
  });
});
