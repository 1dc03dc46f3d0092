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

/** Tells a process from an earlier one with the same id: in a container every process may be number 1. */
let instance: string | undefined;
/** Made when first asked for: touching `crypto` loads it, and most processes never spool. */
const ownInstance = (): string => (instance ??= crypto.randomUUID().slice(0, 8));
/** A file of this age is no longer being delivered by the process that wrote it, whatever its number says. */
const ABANDONED_MS = 300_000;
const OWNER = /\.(\d+)-([0-9a-f]{8})(?:\.runmeta-spool\.json|\.claimed)$/;
let written = 0;

/**
 * Writes synchronously, for there is no time left; whole or not at all.
 * @param path the file that an earlier call for the same run gave, to be replaced
 * @returns where it is
 */
export function writeSpoolFile(
  directory: string,
  runId: string,
  batches: readonly Batch[],
  path = pathOf(directory, `${runId}.${(written += 1)}.${process.pid}-${ownInstance()}${SUFFIX}`),
): string {
  const { mkdirSync, openSync, writeSync, fsyncSync, closeSync, renameSync } = files();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const content: SpoolFile = { version: 1, runId, batches: batches.map(({ key, body }) => ({ key, body })) };
  const file = openSync(`${path}.tmp`, "w", 0o600);
  try {
    const bytes = Buffer.from(JSON.stringify(content));
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.tmp`, path);
  return path;
}

/** The run's writes were stored after all. */
export function removeSpoolFile(path: string): void {
  files().rmSync(path, { force: true });
}

/** A spool file that this process has taken over. */
export interface ClaimedFile {
  readonly file: SpoolFile;
  /** Milliseconds since it was written, by the wall clock. */
  readonly ageMs: number;
  /** Everything in it is stored, or refused for good. */
  done(): void;
  /** For the next start. */
  giveBack(): void;
}

/**
 * Takes the spool files of processes that have ended, oldest first, each by one process only. Also those that another
 * process had taken and did not finish. A file that cannot be read is set aside with the ending `.bad`, and the others
 * go on.
 */
export function claimSpoolFiles(directory: string): readonly ClaimedFile[] {
  const { readdirSync, renameSync, readFileSync, rmSync, existsSync } = files();
  if (!existsSync(directory)) return [];
  const claimed: ClaimedFile[] = [];
  for (const { name, writtenAt } of abandonedFiles(directory, readdirSync(directory))) {
    const base = pathOf(directory, name.replace(/(\.runmeta-spool\.json)\..*$/, "$1"));
    const own = `${base}.${process.pid}-${ownInstance()}.claimed`;
    try {
      renameSync(pathOf(directory, name), own);
    } catch {
      continue; // Another process was faster.
    }
    try {
      const file = parseSpoolFile(readFileSync(own, "utf8"));
      claimed.push({
        file,
        ageMs: Date.now() - writtenAt,
        done: () => rmSync(own, { force: true }),
        giveBack: () => renameSync(own, base),
      });
    } catch {
      renameSync(own, `${base}.bad`);
    }
  }
  return claimed;
}

function abandonedFiles(
  directory: string,
  names: readonly string[],
): readonly { readonly name: string; readonly writtenAt: number }[] {
  const { statSync } = files();
  const found: { name: string; writtenAt: number }[] = [];
  for (const name of names) {
    const [, pid, writer] = OWNER.exec(name) ?? [];
    if (pid === undefined || writer === ownInstance()) continue;
    const writtenAt = statSync(pathOf(directory, name), { throwIfNoEntry: false })?.mtimeMs;
    if (writtenAt === undefined) continue;
    // A number that is in use now may be another process's by now.
    const ended = Number(pid) === process.pid || !isAlive(Number(pid));
    if (ended || Date.now() - writtenAt > ABANDONED_MS) found.push({ name, writtenAt });
  }
  found.sort((a, b) => a.writtenAt - b.writtenAt || a.name.localeCompare(b.name, "en", { numeric: true }));
  return found;
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
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}
