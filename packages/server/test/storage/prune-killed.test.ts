import { expect, test } from "vitest";
import { openPgliteDirectory } from "../../src/storage/open-pglite.ts";
import { sqlStorage } from "../../src/storage/sql-storage.ts";
import { orphans } from "./named-runs.ts";
import { newRun } from "./new-run.ts";
import { runChild } from "./run-child.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Four statements take them. */
const RUNS = 700;

test("D1 a deletion that is killed leaves whole runs, and the next one takes the rest", async () => {
  await using directory = await temporaryDirectory();
  const open = () => openPgliteDirectory({ directory: directory.path, fsync: false });
  const client = await open();
  const storage = sqlStorage(async () => client);
  await storage.open();
  const runs = Array.from({ length: RUNS }, () => newRun({ metadata: '{"a":1}' }));
  await storage.insertRuns(runs);
  const change = { attempt: 1, operations: "[]" };
  const update = { expectedVersion: 0, metadata: '{"a":2}', dedupe: "{}", change };
  await storage.writeDocuments(runs.map(({ id }) => ({ id, ...update })));
  while (await storage.indexDocuments());
  await client.query("INSERT INTO run_streams (run_id, key) SELECT id, 'out' FROM runs");
  await client.query("UPDATE runs SET status = 'COMPLETED', finished_at = now() - interval '1 day'");
  await storage.close();

  let left = RUNS;
  for (const killed of [true, true, false]) {
    await using child = runChild("prune.child.ts", [directory.path]);
    let seen = 0;
    for await (const line of child.lines) {
      seen += Number(/^deleted (\d+)$/.exec(line)?.[1]);
      if (killed) child.process.kill("SIGKILL");
    }
    expect(seen).toBeGreaterThan(0);
    const after = await open();
    const { rows } = await after.query<{ count: number }>("SELECT count(*)::integer AS count FROM runs");
    expect(await orphans(after)).toEqual([]);
    await after.close();
    const [{ count } = { count: -1 }] = rows;
    // What was said to be gone is gone.
    expect(count).toBeLessThanOrEqual(left - seen);
    left = count;
  }
  expect(left).toBe(0);
}, 120_000);
