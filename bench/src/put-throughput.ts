import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createServer, pgliteStorage, postgresStorage, type Storage } from "@runmeta/server";

const SECONDS = 4;

/** Acknowledged updates a second, sent by another process; each connection is one run with one request under way. */
async function load(url: string, key: string, connections: number): Promise<number> {
  const client = join(import.meta.dirname, "put-client.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=@runmeta/source",
    "--import",
    "tsx",
    client,
    url,
    key,
    String(SECONDS),
    String(connections),
  ]);
  return Number(stdout) / SECONDS;
}

/** What HTTP alone costs: a body is read, parsed and answered. */
async function bare(connections: number): Promise<number> {
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
  const rate = await load(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "none", connections);
  await new Promise((resolve) => server.close(resolve));
  return rate;
}

async function ours(storage: Storage, connections: number): Promise<number> {
  const key = "tr_dev_bench";
  const server = await createServer({ storage, secretKeys: [key] });
  await server.listen({ port: 0 });
  for (let index = 0; index < connections; index += 1) {
    const register = new Request(`${server.url}/engine/v1/runs/run_bench${index}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ task: "bench" }),
    });
    await server.fetch(register);
  }
  const rate = await load(server.url, key, connections);
  await server.close();
  return rate;
}

/** One row a server: updates a second, and as a share of bare `node:http`. */
export interface Throughput {
  readonly name: string;
  readonly perSecond: number;
  readonly share: number;
}

/** 1 KB updates over HTTP, acknowledged after the commit, beside what HTTP alone takes. */
export async function putThroughput(
  connections: number,
  databaseUrl: string | undefined,
): Promise<Throughput[]> {
  const directory = await mkdtemp(join(tmpdir(), "runmeta-bench-"));
  const limit = await bare(connections);
  const rows: Throughput[] = [];
  const add = (name: string, perSecond: number) => rows.push({ name, perSecond, share: perSecond / limit });
  add("bare node:http + JSON.parse", limit);
  add("runmeta, PGlite on disk, synced", await ours(pgliteStorage({ directory }), connections));
  if (databaseUrl !== undefined && databaseUrl !== "") {
    const storage = postgresStorage({ connectionString: databaseUrl, schema: "runmeta_bench" });
    add("runmeta, PostgreSQL", await ours(storage, connections));
  }
  await rm(directory, { recursive: true, force: true });
  return rows;
}
