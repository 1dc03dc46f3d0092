import { randomUUID } from "node:crypto";
import { link, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { currentProcess, type ProcessIdentity, processState } from "./process-identity.ts";
import { StorageError } from "./storage.ts";

/** A held lock; `release()` gives it up. */
export interface DirectoryLock {
  release(): Promise<void>;
}

interface LockContent extends ProcessIdentity {
  readonly token: string;
  readonly since: string;
  readonly command: string;
}

/** How often a taker starts over because others took or gave up the lock under its eyes. */
const MAX_ROUNDS = 100;

/**
 * Takes the lock file `path` for this process, or rejects with STORAGE_LOCKED and the holder's name.
 *
 * A lock appears with its content at once (a complete file is linked to the name, which fails when the name is
 * there). One whose process has ended is taken over without a gap: the taker links its own content to
 * `<path>.<token of the old lock>`, which only one can, and then renames it over the lock. Whoever finds a lock
 * follows these successors to the last one, and that one is the holder. A taker that read the lock before somebody
 * else's takeover was complete sees, by reading it again, that it has changed, and starts over. So two processes
 * never hold it, and a lock whose process may still run is never taken.
 */
export async function lockDirectory(path: string): Promise<DirectoryLock> {
  const own = newContent();
  const draft = `${path}.${process.pid}-${own.token}.draft`;
  await writeFile(draft, JSON.stringify(own), { mode: 0o600 });
  try {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      if (await tryLock(path, draft)) return { release: () => release(path, own.token) };
    }
  } finally {
    await unlinkIfThere(draft);
  }
  throw new StorageError("STORAGE_LOCKED", `${path} changes hands all the time; start again in a moment.`);
}

async function tryLock(path: string, draft: string): Promise<boolean> {
  if (await linkIfAbsent(draft, path)) return true;
  const root = await readContent(path);
  if (root === undefined) return false;
  const successors: string[] = [];
  let holder = root;
  for (;;) {
    const successor = `${path}.${holder.token}`;
    const content = await readContent(successor);
    if (content === undefined) break;
    successors.push(successor);
    holder = content;
  }
  const state = processState(holder);
  if (state !== "ended") throw locked(path, holder, state);
  const claim = `${path}.${holder.token}`;
  if (!(await linkIfAbsent(draft, claim))) return false;
  if ((await readContent(path))?.token !== root.token) {
    await unlinkIfThere(claim);
    return false;
  }
  await rename(draft, path);
  for (const leftover of [...successors, claim]) await unlinkIfThere(leftover);
  return true;
}

async function release(path: string, token: string): Promise<void> {
  if ((await readContent(path))?.token === token) await unlinkIfThere(path);
}

function newContent(): LockContent {
  return {
    ...currentProcess(),
    token: randomUUID(),
    since: new Date().toISOString(),
    // It stands in other processes' messages; a key given as an argument must not.
    command: process.argv
      .join(" ")
      .replaceAll(/\btr_(dev|stg|prod|preview)_[\w-]+/g, "tr_$1_…")
      .slice(0, 500),
  };
}

function locked(path: string, holder: LockContent, state: "running" | "unknown"): StorageError {
  const own = holder.pid === process.pid && state === "running" ? " (this process)" : "";
  const advice =
    state === "running"
      ? "Stop it, or use another data directory; a directory serves one process at a time."
      : `It ran on another host, where this process cannot ask for it. If it is gone for certain, delete ${path}.`;
  return new StorageError(
    "STORAGE_LOCKED",
    `The data directory is in use: ${path} is held by process ${holder.pid}${own} on ${holder.host} ` +
      `since ${holder.since}: ${holder.command}. ${advice}`,
  );
}

/** The content of a lock file; undefined when there is none. */
async function readContent(path: string): Promise<LockContent | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    const content = JSON.parse(text) as Partial<LockContent>;
    if (
      typeof content.token === "string" &&
      typeof content.pid === "number" &&
      typeof content.host === "string"
    ) {
      // The rest only goes into messages.
      return content as LockContent;
    }
  } catch {
    // Falls through to the refusal below.
  }
  throw new StorageError(
    "STORAGE_LOCKED",
    `The lock ${path} cannot be read as one, so its holder is not known. If no process uses the directory, delete it.`,
  );
}

async function linkIfAbsent(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    if (!hasCode(error, "EPERM") && !hasCode(error, "ENOTSUP") && !hasCode(error, "EOPNOTSUPP")) throw error;
  }
  // No hard links here (FAT, some network mounts): exclusive creation, which shows the content a moment later.
  try {
    await writeFile(path, await readFile(draft), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!hasCode(error, "ENOENT")) throw error;
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
