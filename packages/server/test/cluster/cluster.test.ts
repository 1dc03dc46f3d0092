import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { configure, tasks } from "@runmeta/runtime";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBalancer } from "../../../../examples/cluster/src/balancer.ts";
import type { shipOrder } from "../../../../examples/cluster/src/tasks.ts";
import { CliProcess } from "../cli/cli-process.ts";
import { testRedisUrl } from "../engine/engine-fixtures.ts";
import { temporarySchema, testDatabaseUrl } from "../storage/test-database.ts";

const EXAMPLE = fileURLToPath(new URL("../../../../examples/cluster", import.meta.url));
const KEY = "tr_prod_cluster-tests";

/** Runs in all; each order is one, and so is each of its four parcels. */
const RUNS = Number(process.env.CLUSTER_RUNS ?? 100);
const PARCELS = 4;

/** The killed worker's runs go on after it. A machine that has much to do is late with heartbeats. */
const LEASE_SECONDS = RUNS > 500 ? "60" : "20";

const ORDERS = Math.round(RUNS / (PARCELS + 1));

const missing = [
  ...(testDatabaseUrl === undefined ? ["TEST_DATABASE_URL"] : []),
  ...(testRedisUrl === undefined ? ["TEST_REDIS_URL"] : []),
];

describe.skipIf(missing.length > 0)(
  `3 replicas, 4 workers, ${RUNS} runs${missing.length > 0 ? ` (${missing.join(", ")} not set)` : ""}`,
  () => {
    const database = temporarySchema(testDatabaseUrl ?? "");
    const cleanUps: (() => unknown)[] = [];
    let replicas: CliProcess[] = [];
    let workers: CliProcess[] = [];
    let sql: Client;

    beforeAll(async () => {
      sql = new Client({ connectionString: testDatabaseUrl, options: `-c search_path="${database.schema}"` });
      await sql.connect();
      cleanUps.push(async () => {
        await sql.end();
        await database.drop();
      });
      await sql.query(`CREATE SCHEMA "${database.schema}"`);
      const url = new URL(testDatabaseUrl ?? "");
      url.searchParams.set("options", `-c search_path="${database.schema}"`);
      const queue = [
        "--redis-url",
        testRedisUrl ?? "",
        "--queue-prefix",
        `cluster-${randomBytes(6).toString("hex")}`,
      ];
      // All at once, on an empty schema.
      replicas = Array.from(
        { length: 3 },
        () =>
          new CliProcess(
            [
              "serve",
              "--port",
              "0",
              "--database-url",
              url.href,
              "--engine",
              "bullmq",
              "--lease",
              LEASE_SECONDS,
              ...queue,
            ],
            { cwd: EXAMPLE, env: { RUNMETA_SECRET_KEYS: KEY } },
          ),
      );
      cleanUps.push(() => Promise.all(replicas.map((replica) => replica.stop("SIGKILL"))));
      const ports = await Promise.all(
        replicas.map(async (replica) => Number(new URL(await replica.url()).port)),
      );
      const balancer = await startBalancer(ports.map((port) => ({ host: "127.0.0.1", port })));
      cleanUps.push(() => balancer.close());
      workers = Array.from(
        { length: 4 },
        () =>
          new CliProcess(["worker", "src/tasks.ts", "--concurrency", "10", ...queue], {
            cwd: EXAMPLE,
            env: { TRIGGER_API_URL: balancer.url, TRIGGER_SECRET_KEY: KEY },
          }),
      );
      cleanUps.push(() => Promise.all(workers.map((worker) => worker.stop("SIGKILL"))));
      await Promise.all(workers.map((worker) => worker.printed(/worker ready/)));
      configure({ baseURL: balancer.url, accessToken: KEY });
    }, 120_000);

    afterAll(async () => {
      for (const cleanUp of cleanUps.reverse()) await cleanUp();
    }, 60_000);

    test(
      "a killed worker, a killed replica and one of each that is told to go: every run COMPLETED, each counter what its attempts made it",
      async () => {
        const triggering = triggerOrders();
        await ended(0.1);
        await workers[0]?.stop("SIGKILL");
        await ended(0.25);
        await replicas[0]?.stop("SIGKILL");
        await ended(0.4);
        const [worker, replica] = await Promise.all([
          workers[1]?.stop("SIGTERM"),
          replicas[1]?.stop("SIGTERM"),
        ]);
        expect([worker, replica]).toEqual([0, 0]);
        // Nothing that was acknowledged is lost, and nothing is there twice.
        expect(new Set(await triggering).size).toBe(ORDERS);
        await ended(1);
        await exactly();
      },
      15 * 60_000,
    );

    /** Orders are triggered while processes die, ten at a time. */
    async function triggerOrders(): Promise<string[]> {
      const ids: string[] = [];
      let next = 0;
      const trigger = async () => {
        for (let order = next++; order < ORDERS; order = next++) {
          const payload = { name: `order ${order}`, parcels: PARCELS };
          const options = { idempotencyKey: `order-${order}` };
          ids.push((await tasks.trigger<typeof shipOrder>("ship-order", payload, options)).id);
        }
      };
      await Promise.all(Array.from({ length: 10 }, trigger));
      return ids;
    }

    /** Resolves when that share of all runs has ended. */
    async function ended(share: number): Promise<void> {
      for (;;) {
        const { rows } = await sql.query<{ ended: number }>(
          "SELECT count(*)::int AS ended FROM runs WHERE finished_at IS NOT NULL",
        );
        if ((rows[0]?.ended ?? 0) >= share * ORDERS * (PARCELS + 1)) return;
        await sql.query("SELECT pg_sleep(0.1)");
      }
    }

    async function exactly(): Promise<void> {
      const { rows } = await sql.query<{
        task: string;
        status: string;
        parent_id: string | null;
        id: string;
        attempt: number;
        interruptions: number;
        metadata: string;
      }>("SELECT r.*, d.metadata FROM runs r JOIN run_documents d ON d.id = r.id");
      expect(rows.length).toBe(ORDERS * (PARCELS + 1));
      expect(rows.filter((run) => run.status !== "COMPLETED")).toEqual([]);
      // An attempt that was interrupted is the only reason for another one.
      expect(rows.filter((run) => run.attempt !== run.interruptions + 1)).toEqual([]);
      const orders = rows.filter((run) => run.task === "ship-order");
      const parcels = rows.filter((run) => run.task === "pack-parcel");
      for (const parcel of parcels) expect(JSON.parse(parcel.metadata)).toEqual({ packed: 5 });
      for (const order of orders) {
        const document = JSON.parse(order.metadata) as Record<string, unknown>;
        const own = parcels.filter((parcel) => parcel.parent_id === order.id);
        expect(own.length).toBe(PARCELS);
        // A parcel that was interrupted after it had counted counts once more: then it is at most its attempts.
        const most = own.reduce((sum, parcel) => sum + parcel.attempt, 0);
        expect(document).toMatchObject({ shipped: PARCELS });
        expect(document.parcels).toBeGreaterThanOrEqual(PARCELS);
        expect(document.parcels).toBeLessThanOrEqual(most);
      }
      // Only the killed worker's runs, ten at most that executed and those that waited, and what the other gave back.
      process.stdout.write(
        `interrupted: ${rows.filter((run) => run.interruptions > 0).length} of ${rows.length}\n`,
      );
    }
  },
);
