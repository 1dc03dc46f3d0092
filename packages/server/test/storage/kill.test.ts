import { expect, test } from "vitest";
import { pgliteStorage } from "../../src/storage/pglite-storage.ts";
import { runChild } from "./run-child.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

test("D1 kill -9 in a storm of writes: every acknowledged write is there, no group is torn", async () => {
  await using directory = await temporaryDirectory();
  let acknowledged = 0;
  for (let round = 1; round <= 3; round++) {
    await using child = runChild("write-storm.child.ts", [directory.path]);
    const stopAt = acknowledged + 10 * round + 7;
    for await (const line of child.lines) {
      expect(line).toMatch(/^ack /);
      acknowledged = Number(line.slice(4));
      if (acknowledged >= stopAt) child.process.kill("SIGKILL");
    }
    const storage = pgliteStorage({ directory: directory.path, fsync: false });
    await storage.open();
    const rows = await storage.readDocuments(Array.from({ length: 16 }, (_, index) => `run_storm_${index}`));
    await storage.close();
    expect(rows).toHaveLength(16);
    const versions = new Set(rows.map((row) => row.version));
    expect(versions.size).toBe(1);
    const [version = 0] = versions;
    expect(version).toBeGreaterThanOrEqual(acknowledged);
    for (const row of rows) {
      expect(JSON.parse(row.metadata)).toMatchObject({ n: version });
      expect(row.dedupe).toBe(`{"n":${version}}`);
    }
  }
}, 120_000);
