import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createServer, ServerConfigError } from "../../src/index.ts";
import { pgliteStorage } from "../../src/storage/pglite-storage.ts";
import { DEV_KEY, startTestServer, type TestServer } from "./test-server.ts";

let api: TestServer;
let port: number;
beforeAll(async () => {
  api = await startTestServer();
  await api.server.listen({ port: 0 });
  port = Number(new URL(api.server.url).port);
});
afterAll(async () => {
  expect(api.errors).toEqual([]);
  await api.server.close();
});

const authorization = `authorization: Bearer ${DEV_KEY}\r\n`;

/** Sends bytes and gives all that comes back until the other side closes. */
async function raw(...pieces: (string | Buffer)[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (data) => {
    answer += data.toString("latin1");
  });
  // Being cut off in the middle of an upload is an outcome, not a fault.
  socket.on("error", () => undefined);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  for (const piece of pieces) socket.write(piece);
  await closed;
  return answer;
}

const put = (id: string, headers: string) =>
  `PUT /api/v1/runs/${id}/metadata HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${authorization}${headers}\r\n`;

describe("over a socket", () => {
  test("serves with and without a length", async () => {
    const id = await api.trigger();
    expect(await raw(put(id, "content-length: 18\r\n"), '{"metadata":{"a":1', "}}")).toContain(
      "400 Bad Request",
    );
    expect(await raw(put(id, "content-length: 20\r\n"), '{"metadata":{"a":1', "}}")).toContain(
      '{"metadata":{"a":1}}',
    );
    const chunked = await raw(
      put(id, "transfer-encoding: chunked\r\n"),
      'a\r\n{"metadata\r\n',
      'a\r\n":{"b":2}}\r\n0\r\n\r\n',
    );
    expect(chunked).toContain('{"metadata":{"b":2}}');
    expect(chunked.toLowerCase()).toContain("x-runmeta-dedupe: 1");
  });

  test("S1 a declared length over the limit is refused before a byte of it is sent", async () => {
    const id = await api.trigger();
    const answer = await raw(put(id, "content-length: 3000000\r\n"));
    expect(answer).toContain("413 ");
    expect(answer).toContain('{"error":"Request body too large"}');
  });

  test("S1 a chunked body is cut when it passes the limit, and memory does not follow it", async () => {
    const id = await api.trigger();
    const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
    const before = process.memoryUsage().rss;
    const answer = await raw(
      put(id, "transfer-encoding: chunked\r\n"),
      ...Array.from({ length: 600 }, () => chunk),
    );
    if (answer !== "") expect(answer).toContain("413 ");
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    expect((await api.call("GET", `/api/v1/runs/${id}/metadata`)).body.metadata).toEqual({});
  });

  test("a client that goes away in the middle of a body leaves nothing behind", async () => {
    const id = await api.trigger();
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(`${put(id, "content-length: 100\r\n")}{"metadata"`);
    socket.destroy();
    await once(socket, "close");
    expect((await fetch(`${api.server.url}/healthz`)).status).toBe(200);
    expect((await api.call("GET", `/api/v1/runs/${id}/metadata`)).body.metadata).toEqual({});
  });

  test.each([
    ["GET /api/v1/runs/..%2fx/metadata", 400],
    ["GET /api/v1/runs/%00/metadata", 400],
    ["GET /api/v1/runs//metadata", 400],
    ["GET /api/v1/runs/run_%ff/metadata", 400],
    ["GET /api/v3/runs/..%2f..%2fetc", 404],
    ["GET /api/v3/runs/%", 404],
    ["GET /..%2f..%2f", 404],
    ["GET /%00", 404],
    ["BREW /api/v1/runs", 400],
    ["TRACE /healthz", 405],
  ])("S4 %s is %d", async (line, status) => {
    const answer = await raw(
      `${line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${authorization}\r\n`,
    );
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
});

describe("close()", () => {
  test("answers those who wait, ends idle connections, and refuses after it", async () => {
    const other = await startTestServer({ drainTimeoutMs: 300_000 });
    await other.server.listen({ port: 0 });
    const { url } = other.server;
    const id = await other.trigger();
    // Keep-alive: fetch leaves its connection open.
    await (await fetch(`${url}/healthz`)).text();
    let changed = 0;
    other.server.runs.onRunChanged(() => changed++);
    const waiting = fetch(`${url}/engine/v1/runs/${id}/result`, {
      headers: { authorization: `Bearer ${DEV_KEY}` },
    });
    await other.call("POST", `/api/v1/runs/${id}/tags`, { tags: "x" });
    expect(changed).toBe(1);
    await other.call("GET", `/engine/v1/runs/${id}/result?timeoutMs=1`);
    const closing = other.server.close();
    expect(other.server.close()).toBe(closing);
    expect(await (await waiting).json()).toMatchObject({ pending: true });
    await closing;
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    await expect(other.server.listen({ port: 0 })).rejects.toThrow(ServerConfigError);
  });
});

describe("starting", () => {
  test("without keys it makes one, and refuses a host that others reach", async () => {
    const open = await startTestServer({ secretKeys: [] });
    expect(open.server.secretKey).toMatch(/^tr_dev_[A-Za-z0-9_-]{24}$/);
    expect(() => open.server.url).toThrow(ServerConfigError);
    for (const host of ["0.0.0.0", "::", "192.168.1.5", "example.org"]) {
      await expect(open.server.listen({ port: 0, host })).rejects.toThrow(/without secret keys/);
    }
    await open.server.listen({ port: 0, host: "::1" });
    expect(open.server.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    const runs = await fetch(`${open.server.url}/api/v1/runs`, {
      headers: { authorization: `Bearer ${open.server.secretKey}` },
    });
    expect(runs.status).toBe(200);
    await expect(open.server.listen({ port: 0 })).rejects.toThrow(/listens already/);
    await open.server.close();
  });

  test("a port in use is named", async () => {
    await using other = await startTestServer();
    await expect(other.server.listen({ port })).rejects.toThrow(new RegExp(`127.0.0.1:${port}`));
    await other.server.listen({ port: 0 });
  });

  test.each([
    [{ maximumSize: 1 }, /maximumSize is 1/],
    [{ maximumSize: 1.5 }, /maximumSize is 1.5/],
    [{ drainTimeoutMs: -1 }, /drainTimeoutMs is -1/],
    [{ secretKeys: ["tr_dev_ok", "tr_test_secret"] }, /Secret key 2 of 2/],
    [{ secretKeys: ["tr_prod_sk_abcdefghijklmnopqrstuvwx"] }, /tr_…_sk_/],
  ])("refuses %j", async (options, message) => {
    await expect(createServer({ storage: pgliteStorage({}), ...options })).rejects.toThrow(message);
  });

  test("A4 an error about a key does not hold the key", async () => {
    const rejection = await createServer({
      storage: pgliteStorage({}),
      secretKeys: ["hunter2-secret"],
    }).catch(String);
    expect(rejection).not.toContain("hunter2");
  });
});
