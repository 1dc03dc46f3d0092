import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { describe, expect, it } from "vitest";
import { testDatabaseUrl } from "../storage/test-database.ts";
import { CliProcess, callApi, freePort, projectFolder } from "./cli-process.ts";

const KEY = "tr_prod_storm";
const RUNS = 3;
const WRITERS = 9;
/** Kills a database; a hundred take minutes, so they are asked for. */
const ROUNDS = Number(process.env.STORM_ROUNDS ?? 10);

/** One publisher: writes in order, and repeats a batch with its key until it is acknowledged. */
class Writer {
  readonly #publisher = randomBytes(16).toString("hex");
  readonly name: string;
  readonly run: string;
  acknowledged = 0;

  constructor(name: string, run: string) {
    this.name = name;
    this.run = run;
  }

  async write(url: string, until: () => boolean, onAcknowledged: () => void): Promise<void> {
    while (!until()) {
      const sequence = this.acknowledged + 1;
      const operations = [
        { type: "increment", key: this.name, value: 1 },
        { type: "increment", key: "total", value: 1 },
        { type: "set", key: `${this.name}-last`, value: sequence },
      ];
      for (;;) {
        const status = await this.#put(url, sequence, operations);
        if (status === 200) break;
        if (status !== 0 && status < 500) throw new Error(`a write was answered with ${status}`);
        await pause(20);
      }
      this.acknowledged = sequence;
      onAcknowledged();
    }
  }

  /** The status, or 0 when no reply came. */
  async #put(url: string, sequence: number, operations: readonly object[]): Promise<number> {
    try {
      const response = await fetch(`${url}/api/v1/runs/${this.run}/metadata`, {
        method: "PUT",
        headers: {
          authorization: `Bearer ${KEY}`,
          "content-type": "application/json",
          "x-trigger-request-idempotency-key": `${this.#publisher}.${sequence}`,
        },
        body: JSON.stringify({ operations }),
      });
      await response.text();
      return response.status;
    } catch {
      return 0;
    }
  }
}

/** `rounds` times: writers write, and at a random acknowledgement the server is killed and started again. */
async function storm(rounds: number, storage: readonly string[], cwd: string): Promise<void> {
  const port = await freePort();
  const args = [
    "serve",
    "--engine",
    "none",
    "--port",
    String(port),
    "--max-metadata-size",
    "65536",
    ...storage,
  ];
  const start = () => new CliProcess(args, { cwd, env: { RUNMETA_SECRET_KEYS: KEY } });
  let server = start();
  const url = await server.url();
  const ids = Array.from({ length: RUNS }, () => `run_${randomBytes(10).toString("hex")}`);
  for (const id of ids) await callApi(url, KEY, "PUT", `/engine/v1/runs/${id}`, { task: "storm" });
  const writers = Array.from(
    { length: WRITERS },
    (_, index) => new Writer(`w${index}`, ids[index % RUNS] as string),
  );

  let acknowledged = 0;
  let killAt = 0;
  let kill: () => void = () => undefined;
  let over = false;
  const onAcknowledged = () => {
    acknowledged += 1;
    if (acknowledged >= killAt) kill();
  };
  const writing = Promise.all(writers.map((writer) => writer.write(url, () => over, onAcknowledged)));
  try {
    for (let round = 0; round < rounds; round++) {
      killAt = acknowledged + 20 + Math.floor(Math.random() * 300);
      await Promise.race([
        writing,
        new Promise<void>((resolve) => {
          kill = resolve;
        }),
      ]);
      expect(await server.stop("SIGKILL")).toBe("SIGKILL");
      server = start();
      await server.url();
    }
    over = true;
    await writing;
    for (const id of ids) {
      const own = writers.filter((writer) => writer.run === id);
      const { body } = await callApi(url, KEY, "GET", `/api/v1/runs/${id}/metadata`);
      const document = typeof body.metadata === "string" ? JSON.parse(body.metadata) : body.metadata;
      const expected = Object.fromEntries(
        own.flatMap(({ name, acknowledged: count }) => [
          [name, count],
          [`${name}-last`, count],
        ]),
      );
      const total = own.reduce((sum, writer) => sum + writer.acknowledged, 0);
      expect(document).toEqual({ ...expected, total });
    }
    expect(acknowledged).toBeGreaterThan(rounds * 20);
    expect(await server.stop()).toBe(0);
  } finally {
    over = true;
    await server[Symbol.asyncDispose]();
  }
}

describe("D1 kill -9 of the server in a write storm: every acknowledged write is there, once", () => {
  it("on the embedded database", { timeout: ROUNDS * 18_000 }, async () => {
    await using folder = await projectFolder();
    await storm(ROUNDS, ["--data", "data"], folder.path);
  });

  it.skipIf(testDatabaseUrl === undefined)("on PostgreSQL", { timeout: ROUNDS * 18_000 }, async () => {
    await using folder = await projectFolder();
    const schema = `runmeta_storm_${randomBytes(6).toString("hex")}`;
    const admin = new Client({ connectionString: testDatabaseUrl });
    await admin.connect();
    await admin.query(`CREATE SCHEMA ${schema}`);
    try {
      const url = new URL(testDatabaseUrl ?? "");
      url.searchParams.set("options", `-c search_path=${schema}`);
      await storm(ROUNDS, ["--database-url", url.href], folder.path);
    } finally {
      await admin.query(`DROP SCHEMA ${schema} CASCADE`);
      await admin.end();
    }
  });
});
