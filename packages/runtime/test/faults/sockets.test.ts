import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { configure, metadata, type RunOptions, runTarget, type Warning, withRun } from "../../src/index.ts";
import { FaultServer, healthy, type RawReply, response } from "./fault-server.ts";

afterEach(() => configure({}));

/** A run against a server on a socket; everything it wrote has been flushed, or was refused, when this resolves. */
async function write(
  server: FaultServer,
  body: () => unknown,
  options: RunOptions = {},
): Promise<{ warnings: Warning[]; error: unknown }> {
  configure({ baseURL: server.url, accessToken: "tr_dev_sockets" });
  const warnings: Warning[] = [];
  let error: unknown;
  await withRun(
    { id: "run_sockets", target: runTarget(), onWarning: (warning) => warnings.push(warning), ...options },
    async () => {
      body();
      try {
        await metadata.flush({ timeoutMs: 20_000 });
      } catch (caught) {
        error = caught;
      }
    },
  );
  return { warnings, error };
}

const puts = (server: FaultServer) => server.requests.filter((request) => request.method === "PUT");

/** Each breaks off in its own way after the server has applied the batch. */
const broken: Record<string, RawReply> = {
  "a reset before the headers": (socket, _request, apply) => {
    apply();
    socket.resetAndDestroy();
  },
  "a close before the headers": (socket, _request, apply) => {
    apply();
    socket.end();
  },
  "headers, then a reset": (socket, _request, apply) => {
    const body = apply();
    socket.write(`${response(body).split("\r\n\r\n")[0]}\r\n\r\n`, () => socket.resetAndDestroy());
  },
  "a body that is too short": (socket, _request, apply) => {
    socket.end(response(apply()).slice(0, -5));
  },
  "a status line of garbage": (socket, _request, apply) => {
    apply();
    socket.end("HELLO THERE\r\n\r\n");
  },
};

describe("a connection that breaks", () => {
  for (const [name, reply] of Object.entries(broken)) {
    it(`F3 ${name}: sent again with the same batch id, applied once`, async () => {
      await using server = await FaultServer.start([reply, healthy]);
      const { error } = await write(server, () => metadata.increment("n").append("list", "x"));
      expect(error).toBeUndefined();
      expect(server.document).toEqual({ n: 1, list: ["x"] });
      expect(puts(server)).toHaveLength(2);
      expect(puts(server)[0]).toEqual(puts(server)[1]);
      expect(puts(server)[0]?.key).toMatch(/^[0-9a-f]{32}\.1$/);
    });
  }

  it("F16 a keep-alive socket that the server closes between two requests", async () => {
    const closesAfter: RawReply = (socket, request, apply) => {
      healthy(socket, request, apply);
      setImmediate(() => socket.destroy());
    };
    await using server = await FaultServer.start([closesAfter, closesAfter, closesAfter]);
    configure({ baseURL: server.url, accessToken: "tr_dev_sockets" });
    await withRun({ id: "run_sockets", target: runTarget() }, async () => {
      for (let i = 0; i < 4; i += 1) {
        metadata.increment("n");
        await metadata.flush();
      }
    });
    expect(server.document).toEqual({ n: 4 });
  });

  it("F2 a port where nobody listens: refused connections are retried until the server is there", async () => {
    const gone = await FaultServer.start();
    const { url } = gone;
    await gone[Symbol.asyncDispose]();
    configure({ baseURL: url, accessToken: "tr_dev_sockets" });
    const options = { target: runTarget(), flush: { drainTimeoutMs: 0 }, onWarning: () => {} };
    const stats = await withRun(options, async (run) => {
      metadata.set("a", 1);
      await expect.poll(() => run.stats().requests).toBeGreaterThan(1);
      return run.stats;
    });
    expect(stats().pending).toBe(1);
  });
});

describe("an endpoint that is not one", () => {
  it("F7 a redirect to another origin: configuration error, the other host receives no byte", async () => {
    await using other = await FaultServer.start();
    const redirect: RawReply = (socket) => {
      socket.write(
        `HTTP/1.1 307 Temporary Redirect\r\nlocation: ${other.url}/x\r\ncontent-length: 0\r\n\r\n`,
      );
    };
    await using server = await FaultServer.start([redirect, redirect]);
    const { warnings, error } = await write(server, () => metadata.set("secret", "x"));
    expect(other.connections).toBe(0);
    expect(error).toMatchObject({ name: "MetadataFlushError" });
    expect(warnings[0]).toMatchObject({ code: "MISCONFIGURED", message: expect.stringContaining(other.url) });
  });

  it("F9 a login page: configuration error, operations kept and delivered when it is gone", async () => {
    const page: RawReply = (socket) => {
      socket.write(response("<html>Log in</html>", "content-type: text/html\r\n"));
    };
    await using server = await FaultServer.start([page]);
    const { warnings, error } = await write(server, () => metadata.increment("n"));
    expect(error).toMatchObject({ name: "MetadataFlushError" });
    expect(warnings.map((warning) => warning.code)).toEqual(["MISCONFIGURED"]);
    // The end of the run asks once more.
    expect(server.document).toEqual({ n: 1 });
  });

  it("F9 a gzip bomb: reading stops at 1 MB, the batch counts as committed, nothing is sent again", async () => {
    const bomb = gzipSync(Buffer.from(`{"metadata":{"text":"${"x".repeat(200_000_000)}"}}`));
    const reply: RawReply = (socket, _request, apply) => {
      apply();
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`,
      );
      socket.write(bomb);
    };
    await using server = await FaultServer.start([reply]);
    const before = process.memoryUsage().rss;
    const { warnings, error } = await write(server, () => metadata.increment("n"));
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    expect(error).toBeUndefined();
    expect(warnings.map((warning) => warning.code)).toEqual(["UNREADABLE_REPLY"]);
    expect(puts(server)).toHaveLength(1);
    expect(server.document).toEqual({ n: 1 });
  });

  it("F8 one byte at a time ends at the deadline, headers and body; another run's flush goes on meanwhile", async () => {
    const trickles: RawReply = (socket, _request, apply) => {
      const text = response(apply());
      let at = 0;
      const timer = setInterval(() => {
        if (socket.destroyed || at >= text.length) clearInterval(timer);
        else socket.write(text[(at += 1) - 1] ?? "");
      }, 20);
    };
    await using slow = await FaultServer.start([trickles]);
    await using fast = await FaultServer.start();
    const started = performance.now();
    const ended: string[] = [];
    const slowRun = write(slow, () => metadata.increment("n"), { flush: { requestTimeoutMs: 1_000 } });
    const fastRun = write(fast, () => metadata.increment("n"), { id: "run_fast" });
    await Promise.all([slowRun.then(() => ended.push("slow")), fastRun.then(() => ended.push("fast"))]);
    expect(ended).toEqual(["fast", "slow"]);
    expect(puts(slow)).toHaveLength(2);
    expect(slow.document).toEqual({ n: 1 });
    expect(performance.now() - started).toBeGreaterThanOrEqual(990);
  });
});
