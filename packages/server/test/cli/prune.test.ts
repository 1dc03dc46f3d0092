import { expect, test } from "vitest";
import { pgliteStorage } from "../../src/storage/pglite-storage.ts";
import { postgresStorage } from "../../src/storage/postgres-storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { newRun } from "../storage/new-run.ts";
import { temporarySchema, testDatabaseUrl } from "../storage/test-database.ts";
import { CliProcess, projectFolder } from "./cli-process.ts";

/** Runs `runmeta prune …` to its end. */
async function runPrune(
  cwd: string,
  ...args: string[]
): Promise<{ code: unknown; out: string; err: string }> {
  const child = new CliProcess(["prune", ...args], { cwd });
  return { code: await child.exited, out: child.stdout, err: child.stderr };
}

/** Three runs: one ended 40 days ago, one yesterday, one waits. */
async function seed(storage: Storage): Promise<void> {
  await storage.open();
  const runs = [newRun(), newRun(), newRun()];
  await storage.insertRuns(runs);
  for (const [index, days] of [40, 1].entries())
    await storage.transitionRun({
      id: runs[index]?.id ?? "",
      from: ["QUEUED"],
      change: { status: "COMPLETED", finishedAt: new Date(Date.now() - days * 86_400_000) },
    });
  await storage.close();
}

async function remaining(storage: Storage): Promise<number> {
  await storage.open();
  const runs = await storage.listRuns({ environment: "env", limit: 10 });
  await storage.close();
  return runs.length;
}

const OUTPUT =
  /over before \d{4}-\d\d-\d\dT[\d:.]+Z:\n {2}1 runs\n {2}0 metadata changes\n {2}0 streams\n {2}0 stream chunks\n {2}0 batches\n {2}0 sessions\n {2}0 expired uploads\n$/;

test("old runs of an embedded database are counted, then deleted", async () => {
  await using project = await projectFolder();
  const cwd = project.path;
  const data = `${cwd}/.runmeta`;
  const missing = await runPrune(cwd, "--older-than", "30d");
  expect(missing).toMatchObject({ code: 1, err: expect.stringContaining(`no database in ${data}`) });
  await seed(pgliteStorage({ directory: data }));

  const counted = await runPrune(cwd, "--older-than", "30d", "--dry-run");
  expect(counted).toMatchObject({ code: 0, err: "", out: expect.stringMatching(OUTPUT) });
  expect(counted.out).toMatch(/^would delete, /);
  expect(await remaining(pgliteStorage({ directory: data }))).toBe(3);
  const deleted = await runPrune(cwd, "--older-than", "30d");
  expect(deleted).toMatchObject({ code: 0, err: "", out: expect.stringMatching(OUTPUT) });
  expect(deleted.out).toMatch(/^deleted, /);
  expect(await remaining(pgliteStorage({ directory: data }))).toBe(2);

  const server = new CliProcess(["serve", "--port", "0", "--engine", "none", "--retention", "12h"], { cwd });
  await server.url();
  const locked = await runPrune(cwd, "--older-than", "30d");
  expect(locked).toMatchObject({ code: 1, err: expect.stringContaining("runmeta serve --retention") });
  expect(locked.err).toContain("stop the server");
  await server.stop();
}, 180_000);

test("a wrong command line says what is wrong", async () => {
  await using project = await projectFolder();
  const [short, none] = await Promise.all([
    runPrune(project.path, "--older-than", "59s"),
    runPrune(project.path),
  ]);
  expect(short).toMatchObject({
    code: 1,
    err: 'runmeta: --older-than is "59s"; it must be a duration of at least 1m, such as 12h, 30d or 8w.\n',
  });
  expect(none).toMatchObject({ code: 1, err: expect.stringContaining("--older-than") });
}, 180_000);

test.skipIf(testDatabaseUrl === undefined)(
  "PostgreSQL, with TEST_DATABASE_URL",
  async () => {
    const connectionString = testDatabaseUrl ?? "";
    const { schema, drop } = temporarySchema(connectionString);
    await using project = await projectFolder();
    try {
      await seed(postgresStorage({ connectionString, schema }));
      const url = new URL(connectionString);
      url.searchParams.set("options", `-c search_path=${schema}`);
      const deleted = await runPrune(project.path, "--older-than", "4w", "--database-url", url.href);
      expect(deleted).toMatchObject({ code: 0, err: "", out: expect.stringMatching(OUTPUT) });
      expect(await remaining(postgresStorage({ connectionString, schema }))).toBe(2);
    } finally {
      await drop();
    }
  },
  60_000,
);
