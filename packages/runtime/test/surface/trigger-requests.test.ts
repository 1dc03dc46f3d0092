import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import * as ours from "../../src/index.ts";
import { clearProcessRegistry } from "../../src/lifecycle/process-registry.ts";
import { runProcess } from "../package/run-process.ts";
// @ts-expect-error plain JavaScript, since the official SDK makes the same calls in a process of its own
import { makeCalls } from "./trigger-calls.mjs";

interface Sent {
  readonly call: string;
  readonly body: unknown;
}

/** Answers what both clients accept, and keeps what they sent; questions (GET) are answered and not kept. */
async function recordingServer() {
  const sent: Sent[] = [];
  let runCount = 0;
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const path = request.url ?? "";
    const ndjson = request.headers["content-type"]?.includes("ndjson") === true;
    const lines = ndjson ? text.split("\n").filter((line) => line !== "") : [];
    if (request.method !== "GET") {
      const body: unknown = ndjson
        ? lines.map((line) => JSON.parse(line))
        : text === ""
          ? undefined
          : JSON.parse(text);
      sent.push({ call: `${request.method} ${path}`, body });
      if (path === "/api/v3/batches") runCount = (body as { runCount: number }).runCount;
    }
    const runs = Array.from({ length: runCount }, (_, index) => `run_${index}`);
    const now = new Date(0).toISOString();
    const reply = {
      id: path.includes("batches") ? "batch_1" : "run_1",
      isCached: false,
      runCount,
      sealed: true,
      itemsAccepted: lines.length,
      itemsDeduplicated: 0,
      ...(request.method === "GET"
        ? { status: "COMPLETED", createdAt: now, updatedAt: now, runs, processing: { errors: [] } }
        : {}),
    };
    response.setHeader("content-type", "application/json");
    // The official client makes a token of these where the server gives none.
    response.setHeader("x-trigger-jwt", "a token");
    response.end(JSON.stringify(reply));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** What a server of ours has no use for (the size), and what only we send of a batch's items (the key as it was written). */
function isOneSided(key: string, sent: Sent): boolean {
  return key === "payloadSize" || (key === "idempotencyKeyOptions" && Array.isArray(sent.body));
}

function comparable(sent: readonly Sent[]): unknown {
  return sent.map((entry, index) => ({
    index,
    ...JSON.parse(JSON.stringify(entry), (key, field: unknown) => {
      if (isOneSided(key, entry)) return undefined;
      // The newer superjson of ours names its version.
      return key === "payload" && typeof field === "string" ? field.replace(/,"v":1\}\}$/, "}}") : field;
    }),
  }));
}

afterEach(() => {
  ours.configure({});
  clearProcessRegistry();
});

describe("the requests of the official SDK and ours", { timeout: 60_000 }, () => {
  it("are the same for the same calls", async () => {
    await using theirServer = await recordingServer();
    await using ourServer = await recordingServer();
    const script = join(import.meta.dirname, "trigger-calls.mjs");
    const finished = await runProcess(process.execPath, [script, theirServer.url]);
    expect(finished).toMatchObject({ code: 0 });
    await makeCalls(ours, ourServer.url);
    expect(theirServer.sent.length).toBeGreaterThan(25);
    expect(comparable(ourServer.sent)).toEqual(comparable(theirServer.sent));
  });
});
