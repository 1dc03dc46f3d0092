import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FaultServer, type RawReply } from "../faults/fault-server.ts";

const script = fileURLToPath(new URL("./child.ts", import.meta.url));
const never: RawReply = () => {};
const unavailable: RawReply = (socket) => {
  socket.write("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
};
const written = { a: 1, n: 1, list: ["x"] };

let spool = "";
const children = new Set<ChildProcess>();
beforeEach(() => {
  spool = mkdtempSync(join(tmpdir(), "runmeta-spool-"));
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  rmSync(spool, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: string[];
}

/** Runs the child; `ready` is called when its run has written. */
async function run(
  mode: string,
  server: FaultServer,
  { spooled = false, ready }: { spooled?: boolean; ready?: (child: ChildProcess) => unknown } = {},
): Promise<Ended> {
  const args = ["--conditions=@runmeta/source", "--import", "tsx", script, mode, ...(spooled ? [spool] : [])];
  const child = spawn(process.execPath, args, {
    env: {
      ...process.env,
      NODE_OPTIONS: "",
      TRIGGER_API_URL: server.url,
      TRIGGER_SECRET_KEY: "tr_dev_child",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let output = "";
  let readied: unknown;
  child.stdout.on("data", (data: Buffer) => {
    const wasReady = output.includes("ready");
    output += data.toString();
    if (!wasReady && output.includes("ready")) readied = ready?.(child);
  });
  child.stderr.on("data", (data: Buffer) => {
    output += data.toString();
  });
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  await readied;
  return { code, signal, lines: output.split("\n") };
}

const files = () => readdirSync(spool);
const keys = (server: FaultServer) =>
  server.requests.filter((one) => one.method === "PUT").map((one) => one.key);

describe("the end of a process", { timeout: 90_000 }, () => {
  it("L7 the event loop drains with a repetition pending: delivered before the exit", async () => {
    await using server = await FaultServer.start([unavailable]);
    const ended = await run("event loop drains", server);
    expect(server.document).toEqual(written);
    expect(new Set(keys(server)).size).toBe(1);
    expect(ended).toMatchObject({ code: 0, signal: null });
  });

  it("L7 SIGTERM and SIGINT: drained, and the exit signal is preserved", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      await using server = await FaultServer.start();
      const ended = await run("signal", server, { ready: (child) => child.kill(signal) });
      expect(ended.signal).toBe(signal);
      expect(server.document).toEqual(written);
    }
  });

  it("L7 SIGTERM where the user listens too: drained, the user's handler decides how it ends", async () => {
    await using server = await FaultServer.start();
    const ended = await run("signal with a handler", server, {
      ready: async (child) => {
        child.kill("SIGTERM");
        await expect.poll(() => server.document).toEqual(written);
        child.kill("SIGUSR2");
      },
    });
    expect(ended).toMatchObject({ code: 3, signal: null });
    expect(ended.lines).toContain("user's handler");
  });

  it("L7 handlers exist only while a run is open", async () => {
    await using server = await FaultServer.start();
    const { lines } = await run("handlers", server);
    expect(lines).toContain("during 1 1");
    expect(lines).toContain("after 0 0");
  });

  it("L3 L7 SIGTERM at a server that hangs, killed during the drain: spooled, and replayed once with the same batch ids", async () => {
    await using hanging = await FaultServer.start([never, never]);
    const killed = await run("signal", hanging, {
      spooled: true,
      ready: async (child) => {
        child.kill("SIGTERM");
        await expect.poll(() => keys(hanging)).toHaveLength(1);
        child.kill("SIGKILL");
      },
    });
    expect(killed.signal).toBe("SIGKILL");
    expect(files()).toHaveLength(1);
    await using server = await FaultServer.start();
    await run("next start", server, { spooled: true });
    expect(server.document).toEqual({ ...written, next: true });
    expect(keys(server)[0]).toBe(keys(hanging)[0]);
    expect(files()).toEqual([]);
    await run("next start", server, { spooled: true });
    expect(keys(server).filter((key) => key === keys(hanging)[0])).toHaveLength(1);
  });

  it("L8 process.exit() and an uncaught throw: what is pending is spooled synchronously and replayed once", async () => {
    for (const [mode, code] of [
      ["process.exit()", 0],
      ["uncaught throw", 1],
    ] as const) {
      await using server = await FaultServer.start();
      const ended = await run(mode, server, { spooled: true });
      expect(ended.code).toBe(code);
      expect(server.document).toEqual({});
      expect(files()).toHaveLength(1);
      await run("next start", server, { spooled: true });
      expect(server.document).toEqual({ ...written, next: true });
      expect(files()).toEqual([]);
    }
  });

  it("L8 I12 without a spool directory they are dropped by name", async () => {
    await using server = await FaultServer.start();
    const { lines } = await run("process.exit()", server);
    expect(lines).toContain("drop exit 3");
  });

  it("L8 a half-written spool file is set aside, and the start goes on; what another process did not finish is taken up", async () => {
    await using server = await FaultServer.start();
    const owner = "999999-00000000";
    writeFileSync(join(spool, `run_x.1.${owner}.runmeta-spool.json`), '{"version":1,"runId":"run_x","bat');
    writeFileSync(join(spool, `run_x.2.${owner}.runmeta-spool.json.tmp`), "{");
    const body = JSON.stringify({ operations: [{ type: "increment", key: "late", value: 2 }] });
    const whole = JSON.stringify({ version: 1, runId: "run_child", batches: [{ key: "ab.1", body }] });
    writeFileSync(join(spool, `run_child.1.${owner}.runmeta-spool.json.999998-00000001.claimed`), whole);
    const ended = await run("next start", server, { spooled: true });
    expect(ended.code).toBe(0);
    expect(server.document).toEqual({ late: 2, next: true });
    expect(files().sort()).toEqual([
      `run_x.1.${owner}.runmeta-spool.json.bad`,
      `run_x.2.${owner}.runmeta-spool.json.tmp`,
    ]);
  });
});
