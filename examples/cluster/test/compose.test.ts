import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { configure, runs, tasks } from "@runmeta/runtime";
import { postgresStorage } from "@runmeta/server";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { freePort } from "../../../packages/server/test/cli/cli-process.ts";
import { temporarySchema, testDatabaseUrl } from "../../../packages/server/test/storage/test-database.ts";
import type { shipOrder } from "../src/tasks.ts";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));
const redisUrl = process.env.TEST_REDIS_URL;
const missing = testDatabaseUrl === undefined || redisUrl === undefined;

interface Service {
  readonly command?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
}

const { services } = parse(readFileSync(`${FOLDER}compose.yaml`, "utf8"), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
};

/** Names of services, each after those that it depends on. */
function inOrder(): string[] {
  const order: string[] = [];
  const add = (name: string): void => {
    const { depends_on = [] } = services[name] ?? {};
    for (const other of Array.isArray(depends_on) ? depends_on : Object.keys(depends_on)) {
      expect(services, `${name} depends on it`).toHaveProperty(other);
      add(other);
    }
    if (!order.includes(name)) order.push(name);
  };
  for (const name of Object.keys(services)) add(name);
  return order;
}

const READY = { api: /listening on/, balancer: /balancing 3 servers/, worker: /worker ready/ };

describe.skipIf(missing)(
  `compose.yaml without containers${missing ? " (TEST_DATABASE_URL or TEST_REDIS_URL is not set)" : ""}`,
  () => {
    const database = temporarySchema(testDatabaseUrl ?? "");
    const ended: Promise<unknown>[] = [];
    const kills: (() => boolean)[] = [];
    afterAll(async () => {
      for (const kill of kills) kill();
      await Promise.all(ended);
      await database.drop();
    });

    test("each command starts as it is written, in order; an order goes through; SIGTERM ends each in peace", async () => {
      const url = new URL(testDatabaseUrl ?? "");
      const storage = postgresStorage({ connectionString: url.href, schema: database.schema });
      await storage.open();
      await storage.close();
      url.searchParams.set("options", `-c search_path="${database.schema}"`);
      const port = new Map<string, number>();
      for (const name of ["api1", "api2", "api3", "balancer"]) port.set(name, await freePort());
      // What the containers' network would resolve.
      const local = (text: string) =>
        text
          .replace("postgres://runmeta:change-me@postgres/runmeta", url.href)
          .replace("redis://redis", redisUrl ?? "")
          .replace(/\b(api[123]|balancer):\d+/g, (_, name) => `127.0.0.1:${port.get(name)}`);
      const queue = ["--queue-prefix", `compose-${randomBytes(6).toString("hex")}`];
      const stops: { readonly name: string; stop(): Promise<unknown> }[] = [];
      for (const name of inOrder()) {
        const { command, environment = {} } = services[name] ?? {};
        if (command === undefined || name === "install") continue;
        const kind = name.startsWith("api") ? "api" : (name as "balancer" | "worker");
        const [program = "", ...parameters] = local(command).trim().split(/\s+/);
        const more =
          kind === "api" ? ["--port", String(port.get(name)), ...queue] : kind === "worker" ? queue : [];
        const env = Object.fromEntries(
          Object.entries(environment).map(([key, value]) => [key, local(value)]),
        );
        if (kind === "balancer") env.PORT = String(port.get(name));
        const child = spawn(program, [...parameters, ...more], {
          cwd: FOLDER,
          env: { ...process.env, ...env },
          stdio: ["ignore", "pipe", "inherit"],
        });
        const exit = once(child, "exit");
        ended.push(exit);
        kills.push(() => child.kill("SIGKILL"));
        stops.push({
          name,
          stop: async () => {
            child.kill("SIGTERM");
            const [code, signal] = await exit;
            return kind === "balancer" ? "ended" : (signal ?? code);
          },
        });
        await new Promise<void>((resolve, reject) => {
          void exit.then(([code]) => reject(new Error(`${name} ended with ${code}`)));
          createInterface({ input: child.stdout }).on("line", (line) => {
            if (READY[kind].test(line)) resolve();
          });
        });
      }
      expect(stops.map(({ name }) => name)).toEqual(["api1", "api2", "api3", "balancer", "worker"]);

      configure({
        baseURL: `http://127.0.0.1:${port.get("balancer")}`,
        accessToken: services.worker?.environment?.TRIGGER_SECRET_KEY ?? "",
      });
      const handle = await tasks.trigger<typeof shipOrder>("ship-order", { name: "order 1", parcels: 4 });
      expect(await runs.poll(handle.id, { pollIntervalMs: 100 })).toMatchObject({ status: "COMPLETED" });

      for (const { name, stop } of stops.reverse())
        expect([name, await stop()]).toEqual([name, name === "balancer" ? "ended" : 0]);
    }, 120_000);
  },
);
