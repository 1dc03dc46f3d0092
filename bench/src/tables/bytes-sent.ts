import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { configure, metadata, runTarget, withRun } from "@runmeta/runtime";
import { ApiClient as PeerClient } from "@trigger.dev/core/v3";
import { StandardMetadataManager } from "@trigger.dev/core/v3/workers";
import { costLine, figure, type Table } from "../table.ts";

const WRITES = 10_000;
const SECONDS = 5;
const STEP_MS = 10;
const MAX_WAIT_MS = 1_000;

interface Received {
  readonly at: number;
  readonly bytes: number;
  /** Sum of the increments in it. */
  readonly steps: number;
}

/** Answers every update, and notes what came. */
async function endpoint(): Promise<{ url: string; received: Received[]; server: Server }> {
  const received: Received[] = [];
  let n = 0;
  const server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (request.method === "PUT") {
      const { operations = [] } = JSON.parse(body.toString()) as {
        operations?: { type: string; value: number }[];
      };
      const steps = operations
        .filter(({ type }) => type === "increment")
        .reduce((sum, { value }) => sum + value, 0);
      n += steps;
      received.push({ at: performance.now(), bytes: body.length, steps });
    }
    reply.setHeader("content-type", "application/json");
    reply.end(JSON.stringify({ metadata: { n } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, server };
}

/** A `set` and an `increment` in turn, evenly over five seconds; when each increment was made. */
async function writeSteadily(set: (index: number) => void, increment: () => void): Promise<number[]> {
  const made: number[] = [];
  const start = performance.now();
  for (let written = 0; written < WRITES; ) {
    const due = Math.min(WRITES, Math.floor(((performance.now() - start) / (SECONDS * 1_000)) * WRITES));
    for (; written < due; written += 2) {
      set(written);
      increment();
      made.push(performance.now());
    }
    await wait(STEP_MS);
  }
  return made;
}

async function ours(): Promise<{ received: Received[]; oldestMs: number }> {
  const { url, received, server } = await endpoint();
  configure({ baseURL: url, accessToken: "tr_dev_bench" });
  const made = await withRun(
    { id: "run_bench", target: runTarget(), flush: { maxWaitMs: MAX_WAIT_MS } },
    () =>
      writeSteadily(
        (index) => void metadata.set("step", index),
        () => void metadata.increment("n"),
      ),
  );
  server.close();
  let oldestMs = 0;
  let sent = 0;
  for (const { at, steps } of received) {
    if (steps > 0) oldestMs = Math.max(oldestMs, at - (made[sent] ?? at));
    sent += steps;
  }
  if (sent !== WRITES / 2) throw new Error(`${sent} of ${WRITES / 2} increments arrived`);
  return { received, oldestMs };
}

async function theirs(): Promise<Received[]> {
  const { url, received, server } = await endpoint();
  const manager = new StandardMetadataManager(new PeerClient(url, "tr_dev_bench") as never);
  manager.runId = "run_bench";
  manager.enterWithMetadata({});
  manager.startPeriodicFlush();
  await writeSteadily(
    (index) => void manager.set("step", index),
    () => void manager.increment("n"),
  );
  await manager.flush();
  manager.stopPeriodicFlush();
  server.close();
  return received;
}

/** Request bodies of 10,000 writes in five seconds, and how long a write waits. Takes ten seconds whatever the rounds. */
export async function bytesSent(): Promise<Table> {
  const peer = await theirs();
  const { received, oldestMs } = await ours();
  const total = (list: readonly Received[]) => list.reduce((sum, { bytes }) => sum + bytes, 0);
  const late = Math.max(0, oldestMs - MAX_WAIT_MS);
  return {
    title: "10,000 sets and increments in turn over 5 s",
    peer: "@trigger.dev/core 4.8.3",
    unit: "B",
    ratioAs: "times",
    lines: [
      costLine("bytes of request bodies", [total(peer)], [total(received)], 400),
      { ...costLine("requests", [peer.length], [received.length]), ratio: peer.length / received.length },
      {
        name: `oldest unsent write, ms over \`maxWaitMs\` (may be 50)`,
        peer: figure([50]),
        ours: figure([late]),
        ratio: 50 / Math.max(late, 1),
        goal: 1,
      },
    ],
  };
}
