import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createServer, pgliteStorage, postgresStorage, type Storage } from "@runmeta/server";
import { cpuNs } from "../measure.ts";
import { type Line, rateLine, type Table } from "../table.ts";

const SECONDS = 2;
const KEY = "tr_dev_bench";

/** Acknowledged updates a second of this process's CPU time, sent by another process. */
async function load(url: string, connections: number): Promise<{ perSecond: number; perCpuSecond: number }> {
  const client = join(import.meta.dirname, "..", "put-client.ts");
  const start = cpuNs();
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=@runmeta/source",
    "--import",
    "tsx",
    client,
    url,
    KEY,
    String(SECONDS),
    String(connections),
  ]);
  const acknowledged = Number(stdout);
  return { perSecond: acknowledged / SECONDS, perCpuSecond: acknowledged / ((cpuNs() - start) / 1e9) };
}

/** What HTTP alone costs: a body is read, parsed and answered. */
async function bare(): Promise<{ url: string; close: () => Promise<unknown> }> {
  const server = createHttpServer((request, reply) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { operations } = JSON.parse(Buffer.concat(chunks).toString()) as {
        operations: { value: unknown }[];
      };
      reply.setHeader("content-type", "application/json");
      reply.end(JSON.stringify({ metadata: { padding: operations[0]?.value, n: 1 } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

async function ours(
  storage: Storage,
  connections: number,
): Promise<{ url: string; close: () => Promise<unknown> }> {
  const server = await createServer({ storage, secretKeys: [KEY] });
  await server.listen({ port: 0 });
  for (let index = 0; index < connections; index += 1) {
    const register = new Request(`${server.url}/engine/v1/runs/run_bench${index}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ task: "bench" }),
    });
    await server.fetch(register);
  }
  return { url: server.url, close: () => server.close() };
}

async function compare(
  name: string,
  rounds: number,
  connections: number,
  storage: Storage,
  goal: number | undefined,
): Promise<Line[]> {
  const [limit, server] = [await bare(), await ours(storage, connections)];
  const rates = {
    bare: [] as number[],
    ours: [] as number[],
    bareCpu: [] as number[],
    oursCpu: [] as number[],
  };
  await load(server.url, connections);
  for (let round = 0; round < rounds; round += 1) {
    const [bareRate, oursRate] = [await load(limit.url, connections), await load(server.url, connections)];
    rates.bare.push(bareRate.perSecond);
    rates.bareCpu.push(bareRate.perCpuSecond);
    rates.ours.push(oursRate.perSecond);
    rates.oursCpu.push(oursRate.perCpuSecond);
  }
  await limit.close();
  await server.close();
  return [
    rateLine(`${name}, ${connections} connections`, rates.bare, rates.ours, goal),
    rateLine(
      `${name}, ${connections} connections, a second of the server's CPU time`,
      rates.bareCpu,
      rates.oursCpu,
    ),
  ];
}

/** 1 KB updates over HTTP, acknowledged after the commit, beside what HTTP alone takes. */
export async function httpPuts(rounds: number): Promise<Table> {
  const url = process.env.TEST_DATABASE_URL;
  const lines: Line[] = [];
  for (const [connections, goal] of [
    [64, 0.7],
    [512, undefined],
  ] as const) {
    const directory = await mkdtemp(join(tmpdir(), "runmeta-bench-"));
    lines.push(
      ...(await compare("PGlite on disk, synced", rounds, connections, pgliteStorage({ directory }), goal)),
    );
    await rm(directory, { recursive: true, force: true });
    if (url === undefined || url === "") continue;
    const storage = postgresStorage({ connectionString: url, schema: "runmeta_bench" });
    lines.push(...(await compare("PostgreSQL", rounds, connections, storage, goal)));
  }
  return {
    title: "1 KB updates over HTTP",
    peer: "bare node:http + JSON.parse",
    unit: "/s",
    ratioAs: "share",
    lines,
  };
}
