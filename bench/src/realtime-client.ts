import { Agent, get, type IncomingMessage, request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

/**
 * `realtime-client.ts <url> <key> <runs> <subscribers> <changes a second> <seconds>`: changes documents and waits for the
 * changes in one process, so that one clock times both. Prints the milliseconds from sending a change to its arrival at
 * each subscriber, as JSON. A change that a newer one overtook has arrived with that.
 */
const [, , url = "", key = "", runCount = "100", subscriberCount = "1000", rate = "10", seconds = "5"] =
  process.argv;
const runs = Array.from({ length: Number(runCount) }, (_, index) => `run_live${index}`);
/** Of its own, since the runs may have been changed by another client before. */
const changedKey = `n${process.pid}`;
const writer = new Agent({ keepAlive: true, maxSockets: 64 });
const reader = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
const authorization = `Bearer ${key}`;

/** When each change of a run was sent; the index is the change's number. */
const sentAt = new Map(runs.map((run) => [run, [performance.now()]]));
const latencies: number[] = [];
let polls = 0;
let ended = false;

async function textOf(reply: IncomingMessage): Promise<string> {
  let text = "";
  reply.setEncoding("utf8");
  for await (const chunk of reply) text += chunk;
  return text;
}

function poll(path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(`${url}${path}`, { agent: reader, headers: { authorization } }, resolve).on("error", reject);
  });
}

/** A subscriber as the official client is one: a long poll after the other. */
async function subscribe(run: string, ready: () => void): Promise<void> {
  const path = `/realtime/v1/runs/${run}`;
  let reply = await poll(`${path}?offset=-1`);
  let seen = 0;
  for (let first = true; ; first = false) {
    const handle = String(reply.headers["electric-handle"]);
    const offset = String(reply.headers["electric-offset"]);
    const cursor = reply.headers["electric-cursor"];
    const arrived = newestOf(await textOf(reply));
    const now = performance.now();
    for (; seen < arrived; seen += 1) {
      const sent = sentAt.get(run)?.[seen + 1];
      if (sent !== undefined) latencies.push(now - sent);
    }
    if (first) ready();
    if (ended) return;
    const query = new URLSearchParams({ offset, handle, live: "true" });
    if (cursor !== undefined) query.set("cursor", String(cursor));
    polls += 1;
    try {
      reply = await poll(`${path}?${query}`);
    } catch (error) {
      if (ended) return;
      throw error;
    }
  }
}

function newestOf(body: string): number {
  let newest = 0;
  for (const message of JSON.parse(body) as { value?: { metadata?: string | null } }[]) {
    const text = message.value?.metadata;
    if (typeof text === "string")
      newest = Math.max(newest, (JSON.parse(text) as Record<string, number>)[changedKey] ?? 0);
  }
  return newest;
}

function change(run: string, n: number): Promise<void> {
  const body = JSON.stringify({ operations: [{ type: "set", key: changedKey, value: n }] });
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/api/v1/runs/${run}/metadata`,
      {
        method: "PUT",
        agent: writer,
        headers: { authorization, "content-type": "application/json", "content-length": body.length },
      },
      (reply) => {
        reply.resume();
        reply.on("end", resolve);
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

// In groups: a server's queue of new connections is short.
for (let index = 0; index < Number(subscriberCount); index += 100) {
  await Promise.all(
    Array.from(
      { length: Math.min(100, Number(subscriberCount) - index) },
      (_, offset) =>
        new Promise<void>((resolve, reject) => {
          subscribe(runs[(index + offset) % runs.length] ?? "", resolve).catch(reject);
        }),
    ),
  );
}

const start = performance.now();
const total = Number(rate) * Number(seconds);
for (let count = 0; count < total; ) {
  const due = Math.min(total, Math.floor(((performance.now() - start) / 1_000) * Number(rate)));
  for (; count < due; count += 1) {
    const run = runs[count % runs.length] ?? "";
    const times = sentAt.get(run) ?? [];
    times.push(performance.now());
    void change(run, times.length - 1);
  }
  await wait(1);
}
const expected = (total * Number(subscriberCount)) / runs.length;
for (let tries = 0; latencies.length < expected && tries < 100; tries += 1) await wait(100);
ended = true;
const tookSeconds = (performance.now() - start) / 1_000;

latencies.sort((a, b) => a - b);
const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
console.log(
  JSON.stringify({ p50: at(0.5), p99: at(0.99), arrived: latencies.length, expected, polls, tookSeconds }),
);
process.exit(0);
