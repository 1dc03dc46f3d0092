import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { prune } from "../service/prune.ts";
import { parseRetentionMs, RETENTION_FORM } from "../service/retention-period.ts";
import type { PruneCounts } from "../storage/storage.ts";
import { type DatabaseLocation, withStorage } from "./database-of.ts";
import { CliError } from "./explain.ts";

/** The options of `runmeta prune`. */
export interface PruneCommandOptions extends DatabaseLocation {
  readonly olderThan: string;
  readonly dryRun?: boolean;
}

const NAMES: Readonly<Record<keyof PruneCounts, string>> = {
  runs: "runs",
  changes: "metadata changes",
  streams: "streams",
  chunks: "stream chunks",
  batches: "batches",
  sessions: "sessions",
  packets: "expired uploads",
};

/** `runmeta prune`: deletes what has been over for so long, and prints how much that was. */
export async function runPrune(options: PruneCommandOptions): Promise<void> {
  const { olderThan, dryRun = false } = options;
  const retentionMs = parseRetentionMs(olderThan);
  if (retentionMs === undefined)
    throw new CliError(`--older-than is ${JSON.stringify(olderThan)}; it must be ${RETENTION_FORM}.`);
  await requireDatabase(options);
  const before = new Date(Date.now() - retentionMs);
  const instead = "Or let the server do it: runmeta serve --retention.";
  await withStorage(options, instead, async (storage) => {
    const counts = await prune({ storage, before, dryRun });
    process.stdout.write(`${dryRun ? "would delete" : "deleted"}, over before ${before.toISOString()}:\n`);
    const rows = Object.entries(NAMES) as [keyof PruneCounts, string][];
    const width = Math.max(...rows.map(([kind]) => String(counts[kind]).length));
    for (const [kind, name] of rows)
      process.stdout.write(`  ${String(counts[kind]).padStart(width)} ${name}\n`);
  });
}

/** Opening a directory that is not there would make one. */
async function requireDatabase({ data, databaseUrl }: DatabaseLocation): Promise<void> {
  if (databaseUrl !== undefined) return;
  const path = resolve(data);
  const found = await stat(join(path, "database")).catch(() => undefined);
  if (found === undefined)
    throw new CliError(
      `There is no database in ${path}: give --data with the directory of the server, or --database-url.`,
    );
}
