import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configure, metadata, runs, type Task, task, tasks } from "@runmeta/runtime";
import { describe, expect, it } from "vitest";
import { createServer, inlineEngine, pgliteStorage, postgresStorage } from "../../src/index.ts";
import { temporarySchema, testDatabaseUrl } from "../storage/test-database.ts";
import { ChildProcessUnderTest } from "./child-process.ts";
import { gate, KEY, taskId } from "./engine-server.ts";

const CHILD = new URL("./restart-child.ts", import.meta.url);

/** The task of the child process, which this one does not import. */
type Stubborn = Task<"stubborn", { endsAt: number }>;

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "runmeta-engine-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function connect(child: ChildProcessUnderTest): Promise<void> {
  const url = (await child.printed(/listening on (http:\S+)/))[1] ?? "";
  configure({ baseURL: url, accessToken: KEY });
}

describe("a process that is killed", { timeout: 120_000 }, () => {
  it("leaves its runs to the next one: interrupted ones go on with the next attempt, document kept", async () => {
    await using folder = await temporaryFolder();
    await using first = new ChildProcessUnderTest(CHILD, [folder.path]);
    await connect(first);
    const interrupted = await tasks.trigger<Stubborn>(
      "stubborn",
      { endsAt: 2 },
      { metadata: { kept: true } },
    );
    await first.printed(/attempt 1/);
    const endless = await tasks.trigger<Stubborn>("stubborn", { endsAt: 9 });
    await first.printed(/attempt 1\n(?:.*\n)*attempt 1/);
    // Both places are taken, so this one is still queued when the process goes.
    const queued = await tasks.trigger<Task<"quick">>("quick", undefined);
    expect((await runs.retrieve(queued.id)).status).toBe("QUEUED");
    await first.stop("SIGKILL");

    await using second = new ChildProcessUnderTest(CHILD, [folder.path]);
    await connect(second);
    expect(await runs.poll(interrupted.id)).toMatchObject({
      status: "COMPLETED",
      output: 2,
      metadata: { kept: true, attempts: [1, 2] },
    });
    expect((await runs.poll(queued.id)).status).toBe("COMPLETED");
    await second.printed(/attempt 2\n(?:.*\n)*attempt 2/);
    await second.stop("SIGKILL");

    await using third = new ChildProcessUnderTest(CHILD, [folder.path]);
    await connect(third);
    await third.printed(/attempt 3/);
    await third.stop("SIGKILL");

    await using fourth = new ChildProcessUnderTest(CHILD, [folder.path]);
    await connect(fourth);
    const crashed = await runs.poll(endless.id);
    expect(crashed).toMatchObject({ status: "CRASHED", metadata: { attempts: [1, 2, 3] } });
    expect(crashed.error?.message).toContain("3 times");
  });
});

describe("a shutdown", { timeout: 60_000 }, () => {
  it("waits for runs under way, and gives back those that take too long, without their onCancel", async () => {
    await using folder = await temporaryFolder();
    const begun = gate();
    let attempts = 0;
    const slow = task({
      id: taskId("slow"),
      // Interruptions do not count: one attempt is all it may fail.
      retry: { maxAttempts: 1 },
      onStart: () => void metadata.increment("starts"),
      onCancel: () => void metadata.set("cancelled", true),
      run: async (_: undefined, { signal }) => {
        attempts += 1;
        metadata.increment("attempts");
        if (attempts > 1) return "done";
        begun.open();
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        return undefined;
      },
    });
    const open = () =>
      createServer({
        storage: pgliteStorage({ directory: folder.path }),
        engine: inlineEngine({ concurrency: 1 }),
        secretKeys: [KEY],
        drainTimeoutMs: 50,
      });
    const first = await open();
    configure({ baseURL: "http://localhost", accessToken: KEY, fetch: (request) => first.fetch(request) });
    const { id } = await slow.trigger(undefined);
    const waiting = await slow.trigger(undefined);
    await begun.opened;
    await first.close();

    const second = await open();
    const run = await second.runs.waitForEnd("prod", id, 20_000);
    expect(run).toMatchObject({ status: "COMPLETED", attempt: 2, interruptions: 1 });
    expect(JSON.parse(run?.metadata ?? "")).toEqual({ starts: 1, attempts: 2 });
    expect(await second.runs.waitForEnd("prod", waiting.id, 20_000)).toMatchObject({
      status: "COMPLETED",
      attempt: 1,
    });
    await second.close();
  });

  it("does not wait for a parent whose children cannot begin any more", async () => {
    await using folder = await temporaryFolder();
    const begun = gate();
    const child = task({
      id: taskId("child"),
      queue: { name: taskId("paused"), concurrencyLimit: 0 },
      run: () => "never",
    });
    const parent = task({
      id: taskId("parent"),
      run: async () => {
        begun.open();
        await child.triggerAndWait();
      },
    });
    const server = await createServer({
      storage: pgliteStorage({ directory: folder.path }),
      engine: inlineEngine(),
      secretKeys: [KEY],
      // Longer than the test may take: a close() that waits for the parent is seen.
      drainTimeoutMs: 300_000,
    });
    configure({ baseURL: "http://localhost", accessToken: KEY, fetch: (request) => server.fetch(request) });
    await parent.trigger();
    await begun.opened;
    await server.close();
  });
});

describe.skipIf(testDatabaseUrl === undefined)(
  "several processes on one PostgreSQL database",
  { timeout: 60_000 },
  () => {
    it("never execute a run twice, whoever claims it", async () => {
      const connectionString = testDatabaseUrl ?? "";
      const { schema, drop } = temporarySchema(connectionString);
      const executions = new Map<string, number>();
      const counted = task({
        id: taskId("counted"),
        run: async (_: undefined, { ctx }) => {
          executions.set(ctx.run.id, (executions.get(ctx.run.id) ?? 0) + 1);
          metadata.increment("executions");
        },
      });
      const open = () =>
        createServer({
          storage: postgresStorage({ connectionString, schema, maxConnections: 4 }),
          engine: inlineEngine({ concurrency: 7 }),
          secretKeys: [KEY],
        });
      const servers = [await open(), await open()];
      try {
        const [first] = servers;
        configure({
          baseURL: "http://localhost",
          accessToken: KEY,
          fetch: (request) => (first as typeof first & object).fetch(request),
        });
        const batch = await counted.batchTrigger(Array.from({ length: 150 }, () => ({ payload: undefined })));
        for (const { id } of batch.runs) {
          const run = await first?.runs.waitForEnd("prod", id, 20_000);
          expect(run).toMatchObject({ status: "COMPLETED", attempt: 1 });
          expect(JSON.parse(run?.metadata ?? "")).toEqual({ executions: 1 });
        }
        expect([...executions.values()]).toEqual(Array.from({ length: 150 }, () => 1));
      } finally {
        await Promise.all(servers.map((server) => server.close()));
        await drop();
      }
    });

    it("take over the runs of one that is gone, when its lease is over", async () => {
      const connectionString = testDatabaseUrl ?? "";
      const { schema, drop } = temporarySchema(connectionString);
      await using gone = new ChildProcessUnderTest(CHILD, [connectionString, schema]);
      try {
        await connect(gone);
        const { id } = await tasks.trigger<Stubborn>("stubborn", { endsAt: 2 });
        await gone.printed(/attempt 1/);
        await gone.stop("SIGKILL");
        task({
          id: "stubborn",
          run: (_: unknown, { ctx }) => void metadata.append("attempts", ctx.attempt.number),
        });
        const server = await createServer({
          storage: postgresStorage({ connectionString, schema }),
          engine: inlineEngine({ leaseMs: 3_000 }),
          secretKeys: [KEY],
        });
        expect(await server.runs.waitForEnd("prod", id, 20_000)).toMatchObject({
          status: "COMPLETED",
          attempt: 2,
          interruptions: 1,
          metadata: '{"attempts":[1,2]}',
        });
        await server.close();
      } finally {
        await drop();
      }
    });
  },
);
