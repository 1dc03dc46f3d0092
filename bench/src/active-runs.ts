import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { configure, runs, tasks } from "@runmeta/runtime";
import { CLUSTER_KEY, Cluster, usage } from "./cluster-processes.ts";

const { values } = parseArgs({
  options: {
    /** How many runs are open at each look, growing. */
    active: { type: "string", default: "1000,10000" },
    /** Updates a second while they are, over all of them. */
    rate: { type: "string", default: "100" },
    /** How long each look is. */
    seconds: { type: "string", default: "20" },
    replicas: { type: "string", default: "1" },
    /** Where the queue is: `redis` or `postgres`. */
    queue: { type: "string", default: "redis" },
  },
});
const stages = values.active.split(",").map(Number);
const [rate, seconds, replicas] = [Number(values.rate), Number(values.seconds), Number(values.replicas)];

const HOLDER = "bench-active";
/** As `runmeta worker` does: one request for all runs of a process. */
const HEARTBEAT_MS = 5_000;
const RUNS_A_WORKER = 1_000;
const BATCH = 500;
const LANES = 32;
const WATCHED = 20;

const cluster = new Cluster(values.queue);
const addresses = await cluster.serve(replicas);
configure({ baseURL: addresses[0], accessToken: CLUSTER_KEY });
const open: string[] = [];
let failures = 0;

async function call(method: string, path: string, body: unknown): Promise<void> {
  const address = addresses[Math.floor(Math.random() * addresses.length)];
  const response = await fetch(`${address}${path}`, {
    method,
    headers: { authorization: `Bearer ${CLUSTER_KEY}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
  if (!response.ok) failures += 1;
}

/** Triggers runs and starts each, as workers would; they end with the benchmark. */
async function openUntil(count: number): Promise<void> {
  while (open.length < count) {
    const items = Array.from({ length: Math.min(BATCH, count - open.length) }, () => ({ payload: {} }));
    const batch = await tasks.batchTrigger("bench-active", items);
    const left = batch.runs.map(({ id }) => id);
    open.push(...left);
    const lane = async () => {
      for (let id = left.pop(); id !== undefined; id = left.pop())
        await call("POST", `/engine/v1/runs/${id}/start`, { attempt: 1, holder: HOLDER });
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }
}

const beating = setInterval(() => {
  for (let at = 0; at < open.length; at += RUNS_A_WORKER)
    void call("POST", "/engine/v1/heartbeats", {
      holder: HOLDER,
      runIds: open.slice(at, at + RUNS_A_WORKER),
    });
}, HEARTBEAT_MS);

let latencies: number[] = [];

async function watch(id: string): Promise<void> {
  let seen = 0;
  for await (const run of runs.subscribeToRun(id)) {
    const at = Number(run.metadata?.at ?? 0);
    if (at > seen) latencies.push(Date.now() - at);
    seen = Math.max(seen, at);
  }
}

/** Updates at a steady rate: each other one is of a run that somebody watches, the rest of any. */
async function update(): Promise<number> {
  const until = performance.now() + seconds * 1_000;
  const sent: Promise<void>[] = [];
  for (let due = performance.now(); due < until; due += 1_000 / rate) {
    await wait(Math.max(0, due - performance.now()));
    const among = sent.length % 2 === 0 ? WATCHED : open.length;
    const id = open[Math.floor(Math.random() * among)] ?? "";
    const operations = [
      { type: "set", key: "at", value: Date.now() },
      { type: "increment", key: "n", value: 1 },
    ];
    sent.push(call("PUT", `/api/v1/runs/${id}/metadata`, { operations }));
  }
  await Promise.all(sent);
  return sent.length;
}

console.log(
  "| active runs | opened a second | updates/s | PUT to subscriber, p50 / p99, ms | server CPU, ms a second, of that without updates | memory of a server, MB | failed calls |\n|---|---|---|---|---|---|---|",
);
async function look(count: number): Promise<void> {
  const [before, begun] = [open.length, performance.now()];
  await openUntil(count);
  const openedASecond = (count - before) / ((performance.now() - begun) / 1_000);
  if (before === 0) for (const id of open.slice(0, WATCHED)) void watch(id).catch(() => undefined);
  await wait(HEARTBEAT_MS);
  const resting = usage(cluster.servers);
  await wait(seconds * 1_000);
  const rested = usage(cluster.servers);
  latencies = [];
  const updatedFrom = performance.now();
  const updates = await update();
  const tookS = (performance.now() - updatedFrom) / 1_000;
  const updated = usage(cluster.servers);
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  const idle = ((rested.cpuSeconds - resting.cpuSeconds) * 1_000) / seconds;
  const busy = ((updated.cpuSeconds - rested.cpuSeconds) * 1_000) / tookS;
  const row = [
    count.toLocaleString("en"),
    openedASecond.toFixed(0),
    (updates / tookS).toFixed(0),
    `${at(0.5)} / ${at(0.99)}`,
    `${busy.toFixed(0)}, ${idle.toFixed(0)}`,
    (updated.megabytes / replicas).toFixed(0),
    String(failures),
  ];
  console.log(`| ${row.join(" | ")} |`);
}

try {
  for (const count of stages) await look(count);
} finally {
  clearInterval(beating);
  await cluster[Symbol.asyncDispose]();
}
process.exit(0);
