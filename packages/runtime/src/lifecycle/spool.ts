import type * as fs from "node:fs";
import type { Batch } from "../target/target.ts";

/** One run's unsent batches, as a dying process leaves them to the next one. */
export interface SpoolFile {
  readonly version: 1;
  readonly runId: string;
  readonly batches: readonly { readonly key: string; readonly body: string }[];
}

const SUFFIX = ".runmeta-spool.json";

/** Looked up when needed: spooling is off by default, and not every runtime has files. */
function files(): typeof fs {
  const module = globalThis.process?.getBuiltinModule?.("node:fs");
  if (module === undefined) throw new Error("this runtime has no file system");
  return module;
}

function pathOf(directory: string, name: string): string {
  return `${directory.replace(/[\\/]+$/, "")}/${name}`;
}

/** Writes synchronously, for there is no time left; whole or not at all. Replaces an older file of the same run and process. */
export function writeSpoolFile(directory: string, runId: string, batches: readonly Batch[]): void {
  const { mkdirSync, openSync, writeSync, fsyncSync, closeSync, renameSync } = files();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const content: SpoolFile = { version: 1, runId, batches: batches.map(({ key, body }) => ({ key, body })) };
  const path = pathOf(directory, `${runId}.${process.pid}${SUFFIX}`);
  const file = openSync(`${path}.tmp`, "w", 0o600);
  writeSync(file, JSON.stringify(content));
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.tmp`, path);
}

/** The run's writes were stored after all. */
export function removeSpoolFile(directory: string, runId: string): void {
  files().rmSync(pathOf(directory, `${runId}.${process.pid}${SUFFIX}`), { force: true });
}

/**
 * Takes the spool files of processes that have ended, each by one process only. A file that cannot be read is set
 * aside with the ending `.bad`, and the others go on.
 */
export function claimSpoolFiles(
  directory: string,
): { file: SpoolFile; done: () => void; giveBack: () => void }[] {
  const { readdirSync, renameSync, readFileSync, rmSync, existsSync } = files();
  if (!existsSync(directory)) return [];
  const claimed: { file: SpoolFile; done: () => void; giveBack: () => void }[] = [];
  for (const name of readdirSync(directory)) {
    const pid = Number(/\.(\d+)\.runmeta-spool\.json$/.exec(name)?.[1]);
    if (!name.endsWith(SUFFIX) || pid === process.pid || isAlive(pid)) continue;
    const path = pathOf(directory, name);
    const own = `${path}.${process.pid}.claimed`;
    try {
      renameSync(path, own);
    } catch {
      continue; // Another process was faster.
    }
    try {
      const file = parseSpoolFile(readFileSync(own, "utf8"));
      claimed.push({ file, done: () => rmSync(own, { force: true }), giveBack: () => renameSync(own, path) });
    } catch {
      renameSync(own, `${path}.bad`);
    }
  }
  return claimed;
}

function parseSpoolFile(text: string): SpoolFile {
  const file = JSON.parse(text) as Partial<SpoolFile>;
  const whole =
    file.version === 1 &&
    typeof file.runId === "string" &&
    Array.isArray(file.batches) &&
    file.batches.every((batch) => typeof batch?.key === "string" && typeof batch.body === "string");
  if (!whole) throw new Error("not a spool file");
  return file as SpoolFile;
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}
