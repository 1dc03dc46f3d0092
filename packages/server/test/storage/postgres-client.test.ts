import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { postgresClient } from "../../src/storage/postgres-client.ts";
import { testDatabaseUrl } from "./test-database.ts";

/** A TCP proxy before the database, whose connections can be cut. */
async function proxy(connectionString: string) {
  const { hostname, port } = new URL(connectionString);
  const sockets = new Set<Socket>();
  const waiting: (() => void)[] = [];
  const server = createServer((socket) => {
    const upstream = connect(Number(port || 5432), hostname);
    for (const end of [socket, upstream]) {
      sockets.add(end);
      end.on("error", () => undefined);
      end.on("close", () => {
        socket.destroy();
        upstream.destroy();
      });
    }
    socket.on("data", (data) => {
      // Statements with parameters travel by name, so the marker is readable in the packet.
      if (data.includes("pg_sleep")) for (const resolve of waiting.splice(0)) resolve();
    });
    socket.pipe(upstream).pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = new URL(connectionString);
  url.port = String(typeof address === "object" && address ? address.port : 0);
  return {
    url: url.href,
    statementSent: () => new Promise<void>((resolve) => waiting.push(resolve)),
    cut: () => {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

describe.skipIf(testDatabaseUrl === undefined)(
  "the PostgreSQL client (skipped without TEST_DATABASE_URL)",
  () => {
    const connectionString = testDatabaseUrl ?? "";

    test("D5 a statement whose connection is lost is sent again when it may run twice", async () => {
      const between = await proxy(connectionString);
      const client = postgresClient({ connectionString: between.url });
      try {
        const sent = between.statementSent();
        const slow = client.query<{ one: number }>("SELECT 1 AS one FROM pg_sleep($1)", [0.3], {
          repeatable: true,
        });
        await sent;
        between.cut();
        expect((await slow).rows).toEqual([{ one: 1 }]);
      } finally {
        await client.close();
        await between.close();
      }
    });

    test("D5 one that may not is reported, once, and the next statement works", async () => {
      const between = await proxy(connectionString);
      const client = postgresClient({ connectionString: between.url });
      try {
        const sent = between.statementSent();
        const slow = client.query("SELECT pg_sleep($1)", [30]);
        await sent;
        between.cut();
        await expect(slow).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE", cause: expect.any(Error) });
        expect((await client.query<{ one: number }>("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
      } finally {
        await client.close();
        await between.close();
      }
    });

    test("D5 a backend that is shut down under an idle connection costs nobody an error", async () => {
      const client = postgresClient({ connectionString, max: 1 });
      const admin = new Client({ connectionString });
      await admin.connect();
      try {
        const pid = async () =>
          (await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows[0]?.pid;
        const before = await pid();
        await admin.query("SELECT pg_terminate_backend($1)", [before]);
        const result = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid", [], {
          repeatable: true,
        });
        expect(result.rows[0]?.pid).not.toBe(before);
      } finally {
        await admin.end();
        await client.close();
      }
    });

    test("D5 a statement over its time is given up", async () => {
      const client = postgresClient({ connectionString, statement_timeout: 50 });
      try {
        await expect(client.query("SELECT pg_sleep(30)")).rejects.toMatchObject({
          code: "STORAGE_UNAVAILABLE",
        });
      } finally {
        await client.close();
      }
    });

    test("D5 an exhausted pool is reported as such", async () => {
      const client = postgresClient({ connectionString, max: 1, connectionTimeoutMillis: 20 });
      try {
        // The one connection is there before it is taken: on a busy machine making it takes more than 20 ms.
        await client.query("SELECT 1");
        const slow = client.query("SELECT pg_sleep(3)");
        await expect(client.query("SELECT 1")).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE" });
        await slow;
      } finally {
        await client.close();
      }
    });
  },
);

test("D5 no server there: refused after a few tries, naming the reason", async () => {
  const client = postgresClient({ connectionString: "postgres://nobody@127.0.0.1:1/none" });
  try {
    await expect(client.query("SELECT 1")).rejects.toMatchObject({
      code: "STORAGE_UNAVAILABLE",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  } finally {
    await client.close();
  }
});
