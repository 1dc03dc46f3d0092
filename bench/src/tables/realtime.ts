import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createServer, pgliteStorage, postgresStorage, type Storage } from "@runmeta/server";
import { figure, type Line, type Table } from "../table.ts";

const KEY = "tr_dev_bench";
const SUBSCRIBERS = 1_000;
const SECONDS = 5;
const GOAL_MS = 50;
/** Far more than the server can tell all of them. */
const FLOOD_PER_SECOND = 1_000;

interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly arrived: number;
  readonly expected: number;
  readonly polls: number;
  /** Until the last change had arrived. */
  readonly tookSeconds: number;
}

async function measured(url: string, runs: number, perSecond: number): Promise<Measured> {
  const client = join(import.meta.dirname, "..", "realtime-client.ts");
  const parameters = [url, KEY, runs, SUBSCRIBERS, perSecond, SECONDS].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", client, ...parameters]);
  return JSON.parse(stdout) as Measured;
}

async function lines(name: string, storage: Storage): Promise<Line[]> {
  const server = await createServer({ storage, secretKeys: [KEY] });
  await server.listen({ port: 0 });
  for (let index = 0; index < 100; index += 1) {
    await server.fetch(
      new Request(`${server.url}/engine/v1/runs/run_live${index}`, {
        method: "PUT",
        headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
        body: JSON.stringify({ task: "bench" }),
      }),
    );
  }
  await measured(server.url, 100, 20);
  // So many changes that their polls are all the server can do.
  const flood = await measured(server.url, 100, FLOOD_PER_SECOND);
  const requestsPerSecond = (flood.polls + FLOOD_PER_SECOND * SECONDS) / flood.tookSeconds;
  // Each change is a request itself, and one more for each of its ten subscribers.
  const half = Math.max(1, Math.round(requestsPerSecond / 2 / 11));
  const found: Line[] = [];
  const add = (label: string, { p50, p99, arrived, expected }: Measured, goal?: number) =>
    found.push({
      name: `${name}, ${label}${arrived === expected ? "" : ` (${expected - arrived} changes did not arrive)`}`,
      peer: figure([p50]),
      ours: figure([p99]),
      ratio: GOAL_MS / p99,
      goal,
    });
  add(
    `100 runs, ${half} changes/s (half of ${Math.round(requestsPerSecond)} requests/s)`,
    await measured(server.url, 100, half),
    1,
  );
  add("100 runs, 1,000 changes/s (coalesced)", flood);
  for (const rate of [1, 2, 5, 20]) add(`one run, ${rate} changes/s`, await measured(server.url, 1, rate));
  await server.close();
  return found;
}

/** From a change to each of 1,000 waiting long polls. */
export async function realtime(): Promise<Table> {
  const directory = await mkdtemp(join(tmpdir(), "runmeta-bench-"));
  const found = await lines("PGlite on disk, synced", pgliteStorage({ directory }));
  await rm(directory, { recursive: true, force: true });
  const url = process.env.TEST_DATABASE_URL;
  if (url !== undefined && url !== "") {
    found.push(
      ...(await lines("PostgreSQL", postgresStorage({ connectionString: url, schema: "runmeta_bench" }))),
    );
  }
  return {
    title: `A change reaches ${SUBSCRIBERS.toLocaleString("en")} long polls (peer column: p50; runmeta column: p99; ratio: to ${GOAL_MS} ms)`,
    peer: "p50",
    unit: "ms",
    ratioAs: "times",
    lines: found,
  };
}
