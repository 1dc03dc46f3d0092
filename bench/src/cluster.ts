import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { configure, runs, tasks } from "@runmeta/runtime";
import { CLUSTER_KEY, Cluster, usage } from "./cluster-processes.ts";
import type { load } from "./cluster-tasks.ts";

const { values } = parseArgs({
  options: {
    replicas: { type: "string", default: "2" },
    workers: { type: "string", default: "2" },
    runs: { type: "string", default: "1000" },
    writes: { type: "string", default: "50" },
    pause: { type: "string", default: "20" },
    concurrency: { type: "string", default: "100" },
    /** Where the queue is: `redis` or `postgres`. */
    queue: { type: "string", default: "redis" },
  },
});
const [replicas, workers, total, writes, pauseMs] = [
  values.replicas,
  values.workers,
  values.runs,
  values.writes,
  values.pause,
].map(Number) as [number, number, number, number, number];

const WATCHED = 20;

const latencies: number[] = [];

/** Milliseconds from the newest `set` in a batch to a reader of the run's events. */
async function watch(id: string): Promise<void> {
  let seen = 0;
  for await (const run of runs.subscribeToRun(id)) {
    const at = Number(run.metadata?.at ?? 0);
    if (at > seen && seen > 0 && !run.isCompleted) latencies.push(Date.now() - at);
    seen = at;
  }
}

{
  await using cluster = new Cluster(values.queue);
  const { schema } = cluster;
  const addresses = await cluster.serve(replicas);
  const tasksFile = join(import.meta.dirname, "cluster-tasks.ts");
  await Promise.all(
    Array.from({ length: workers }, (_, index) =>
      cluster.work(tasksFile, addresses[index % addresses.length] ?? "", values.concurrency),
    ),
  );
  configure({ baseURL: addresses[0], accessToken: CLUSTER_KEY });
  const idle = { servers: usage(cluster.servers), workers: usage(cluster.workers) };
  const begun = performance.now();
  const watching: Promise<void>[] = [];
  for (let triggered = 0; triggered < total; triggered += 500) {
    const items = Array.from({ length: Math.min(500, total - triggered) }, () => ({
      payload: { writes, pauseMs },
    }));
    const batch = await tasks.batchTrigger<typeof load>("bench-load", items);
    if (triggered === 0) watching.push(...batch.runs.slice(0, WATCHED).map(({ id }) => watch(id)));
  }
  const triggeredMs = performance.now() - begun;
  const ended = `SELECT count(*)::int AS count FROM "${schema}".runs WHERE status = 'COMPLETED'`;
  while ((await cluster.count(ended)) < total) await wait(200);
  const seconds = (performance.now() - begun) / 1_000;
  await Promise.all(watching);
  const now = { servers: usage(cluster.servers), workers: usage(cluster.workers) };
  const puts = await cluster.count(`SELECT sum(version)::int AS count FROM "${schema}".run_documents`);
  const wrong = await cluster.count(
    `SELECT count(*)::int AS count FROM "${schema}".run_documents WHERE (metadata::json->>'steps')::int <> ${writes / 2}`,
  );
  const bytes = await cluster.count(
    `SELECT sum(pg_total_relation_size(c.oid))::float8 AS count FROM pg_class c
     WHERE c.relnamespace = '"${schema}"'::regnamespace AND c.relkind = 'r'`,
  );
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  const cpu = (side: "servers" | "workers") => now[side].cpuSeconds - idle[side].cpuSeconds;
  const rows: [string, string][] = [
    ["replicas, workers, queue", `${replicas}, ${workers} of ${values.concurrency} places, ${values.queue}`],
    ["runs, writes each", `${total.toLocaleString("en")}, ${writes}`],
    ["triggering, runs/s", (total / (triggeredMs / 1_000)).toFixed(0)],
    ["runs/s", (total / seconds).toFixed(1)],
    ["writes/s", ((total * writes) / seconds).toFixed(0)],
    ["committed updates/s", (puts / seconds).toFixed(0)],
    ["from the newest set of a batch to a subscriber, p50 / p99, ms", `${at(0.5)} / ${at(0.99)}`],
    ["server CPU a run, ms", ((cpu("servers") / total) * 1_000).toFixed(1)],
    ["worker CPU a run, ms", ((cpu("workers") / total) * 1_000).toFixed(1)],
    [
      "memory of a server, of a worker, MB",
      `${(now.servers.peakMegabytes / replicas).toFixed(0)}, ${(now.workers.peakMegabytes / workers).toFixed(0)}`,
    ],
    ["database a run, KB", (bytes / total / 1_024).toFixed(1)],
    ["counters that are wrong", String(wrong)],
  ];
  console.log("| | |\n|---|---|");
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
}
process.exit(0);
