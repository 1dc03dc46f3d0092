import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { configure, runs, tasks } from "@runmeta/runtime";
import { postgresClient } from "../../packages/server/src/storage/postgres-client.ts";
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
const databaseUrl = process.env.TEST_DATABASE_URL ?? "";
const redisUrl = process.env.TEST_REDIS_URL ?? "";
if (databaseUrl === "" || (values.queue === "redis" && redisUrl === ""))
  throw new Error("set TEST_DATABASE_URL and, for the queue in Redis, TEST_REDIS_URL");

const KEY = "tr_prod_bench-cluster";
const WATCHED = 20;
const TICKS_PER_SECOND = 100;
const name = `bench_${randomBytes(4).toString("hex")}`;
const cli = join(import.meta.dirname, "..", "..", "packages", "server", "dist", "cli", "main.mjs");
const database = new URL(databaseUrl);
database.searchParams.set("options", `-c search_path="${name}"`);
const queue =
  values.queue === "redis"
    ? ["--redis-url", redisUrl, "--queue-prefix", name]
    : ["--queue-schema", `${name}_queue`];
const sql = postgresClient({ connectionString: databaseUrl, max: 1 });
const started: ChildProcess[] = [];

/** Starts the CLI; resolves with the first line that says it is ready. */
function start(parameters: string[], env: Record<string, string>, ready: RegExp): Promise<string> {
  const child = spawn(process.execPath, [cli, ...parameters], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(child);
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`runmeta ${parameters[0]} ended with ${code}`)));
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => {
      if (ready.test(line)) resolve(line);
    });
  });
}

/** CPU seconds and the most memory of processes, as Linux tells them. */
function usage(children: readonly ChildProcess[]): { cpuSeconds: number; megabytes: number } {
  let [cpuSeconds, megabytes] = [0, 0];
  for (const { pid } of children) {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    cpuSeconds += (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    megabytes += Number(peak) / 1_024;
  }
  return { cpuSeconds, megabytes };
}

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

const count = async (statement: string): Promise<number> =>
  (await sql.query<{ count: number }>(statement)).rows[0]?.count ?? 0;

try {
  await sql.query(`CREATE SCHEMA "${name}"`);
  const urls = await Promise.all(
    Array.from({ length: replicas }, () =>
      start(
        ["serve", "--port", "0", "--database-url", database.href, "--engine", "bullmq", ...queue],
        { RUNMETA_SECRET_KEYS: KEY },
        /listening on/,
      ),
    ),
  );
  const addresses = urls.map((line) => line.replace(/.*listening on /, ""));
  await Promise.all(
    Array.from({ length: workers }, (_, index) =>
      start(
        [
          ...["worker", join(import.meta.dirname, "cluster-tasks.ts"), "--concurrency", values.concurrency],
          ...(values.queue === "redis" ? queue : ["--database-url", databaseUrl, ...queue]),
        ],
        { TRIGGER_API_URL: addresses[index % addresses.length] ?? "", TRIGGER_SECRET_KEY: KEY },
        /worker ready/,
      ),
    ),
  );
  configure({ baseURL: addresses[0], accessToken: KEY });
  const idle = { servers: usage(started.slice(0, replicas)), workers: usage(started.slice(replicas)) };
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
  const ended = `SELECT count(*)::int AS count FROM "${name}".runs WHERE status = 'COMPLETED'`;
  while ((await count(ended)) < total) await wait(200);
  const seconds = (performance.now() - begun) / 1_000;
  await Promise.all(watching);
  const now = { servers: usage(started.slice(0, replicas)), workers: usage(started.slice(replicas)) };
  const puts = await count(`SELECT sum(version)::int AS count FROM "${name}".run_documents`);
  const wrong = await count(
    `SELECT count(*)::int AS count FROM "${name}".run_documents WHERE (metadata::json->>'steps')::int <> ${writes / 2}`,
  );
  const bytes = await count(
    `SELECT sum(pg_total_relation_size(c.oid))::float8 AS count FROM pg_class c
     WHERE c.relnamespace = '"${name}"'::regnamespace AND c.relkind = 'r'`,
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
      `${(now.servers.megabytes / replicas).toFixed(0)}, ${(now.workers.megabytes / workers).toFixed(0)}`,
    ],
    ["database a run, KB", (bytes / total / 1_024).toFixed(1)],
    ["counters that are wrong", String(wrong)],
  ];
  console.log("| | |\n|---|---|");
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
} finally {
  for (const child of started) child.removeAllListeners("exit").kill("SIGTERM");
  await wait(2_000);
  for (const child of started) child.kill("SIGKILL");
  await sql.query(`DROP SCHEMA IF EXISTS "${name}" CASCADE`);
  await sql.query(`DROP SCHEMA IF EXISTS "${name}_queue" CASCADE`);
  await sql.close();
}
process.exit(0);
