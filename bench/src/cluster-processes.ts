import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { postgresClient } from "../../packages/server/src/storage/postgres-client.ts";

/** The key of a benchmark's servers. */
export const CLUSTER_KEY = "tr_prod_bench-cluster";

const TICKS_PER_SECOND = 100;
const cli = join(import.meta.dirname, "..", "..", "packages", "server", "dist", "cli", "main.mjs");

/** What processes have used since they were started. */
export interface Usage {
  readonly cpuSeconds: number;
  /** Resident now. */
  readonly megabytes: number;
  /** The most there were. */
  readonly peakMegabytes: number;
}

/** As Linux tells it, of all of them together. */
export function usage(children: readonly ChildProcess[]): Usage {
  let [cpuSeconds, megabytes, peakMegabytes] = [0, 0, 0];
  for (const { pid } of children) {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    cpuSeconds += (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    megabytes += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024;
    peakMegabytes += Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1_024;
  }
  return { cpuSeconds, megabytes, peakMegabytes };
}

/** Servers and workers of the built package on a schema of their own, with their queue in Redis or PostgreSQL. */
export class Cluster implements AsyncDisposable {
  readonly schema = `bench_${randomBytes(4).toString("hex")}`;
  readonly servers: ChildProcess[] = [];
  readonly workers: ChildProcess[] = [];
  readonly #databaseUrl = process.env.TEST_DATABASE_URL ?? "";
  readonly #queue: readonly string[];
  readonly #queueDatabase: readonly string[];
  readonly #sql: ReturnType<typeof postgresClient>;

  /** @param queue `redis` or `postgres` */
  constructor(queue: string) {
    const redisUrl = process.env.TEST_REDIS_URL ?? "";
    const inRedis = queue === "redis";
    if (this.#databaseUrl === "" || (inRedis && redisUrl === ""))
      throw new Error("set TEST_DATABASE_URL and, for the queue in Redis, TEST_REDIS_URL");
    this.#queue = inRedis
      ? ["--redis-url", redisUrl, "--queue-prefix", this.schema]
      : ["--queue-schema", `${this.schema}_queue`];
    this.#queueDatabase = inRedis ? [] : ["--database-url", this.#databaseUrl];
    this.#sql = postgresClient({ connectionString: this.#databaseUrl, max: 1 });
  }

  /** Starts that many servers; gives their addresses. */
  async serve(count: number): Promise<string[]> {
    await this.#sql.query(`CREATE SCHEMA "${this.schema}"`);
    const database = new URL(this.#databaseUrl);
    database.searchParams.set("options", `-c search_path="${this.schema}"`);
    const parameters = ["serve", "--port", "0", "--database-url", database.href, "--engine", "bullmq"];
    const lines = await Promise.all(
      Array.from({ length: count }, () =>
        this.#start(
          this.servers,
          [...parameters, ...this.#queue],
          { RUNMETA_SECRET_KEYS: CLUSTER_KEY },
          /listening on/,
        ),
      ),
    );
    return lines.map((line) => line.replace(/.*listening on /, ""));
  }

  /** Starts a worker that reports to a server. */
  async work(tasksFile: string, apiUrl: string, concurrency: string): Promise<void> {
    await this.#start(
      this.workers,
      ["worker", tasksFile, "--concurrency", concurrency, ...this.#queueDatabase, ...this.#queue],
      { TRIGGER_API_URL: apiUrl, TRIGGER_SECRET_KEY: CLUSTER_KEY },
      /worker ready/,
    );
  }

  /** The number that a statement gives as `count`. */
  async count(statement: string): Promise<number> {
    return (await this.#sql.query<{ count: number }>(statement)).rows[0]?.count ?? 0;
  }

  /** Ends all processes and removes what they stored. */
  async [Symbol.asyncDispose](): Promise<void> {
    const children = [...this.servers, ...this.workers];
    for (const child of children) child.removeAllListeners("exit").kill("SIGTERM");
    await wait(2_000);
    for (const child of children) child.kill("SIGKILL");
    await this.#sql.query(`DROP SCHEMA IF EXISTS "${this.schema}" CASCADE`);
    await this.#sql.query(`DROP SCHEMA IF EXISTS "${this.schema}_queue" CASCADE`);
    await this.#sql.close();
  }

  /** Starts the CLI; resolves with the first line that says it is ready. */
  #start(
    group: ChildProcess[],
    parameters: readonly string[],
    env: Readonly<Record<string, string>>,
    ready: RegExp,
  ): Promise<string> {
    const child = spawn(process.execPath, [cli, ...parameters], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    group.push(child);
    return new Promise((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`runmeta ${parameters[0]} ended with ${code}`)));
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (ready.test(line)) resolve(line);
      });
    });
  }
}
