import { execFile } from "node:child_process";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const packages = resolve(import.meta.dirname, "../../..");
const dashboard = join(packages, "dashboard");
/** Where the build goes, and where servers look for it. */
export const builtPages = join(packages, "server/dist/dashboard");

/** Builds the pages as they are shipped, unless the build is newer than its sources. Test files that do it at once wait. */
export async function buildPages(): Promise<void> {
  const lock = join(packages, "dashboard/node_modules/.build-lock");
  while (!(await isFresh())) {
    try {
      await mkdir(lock);
    } catch {
      await pause(100);
      continue;
    }
    try {
      await promisify(execFile)(process.execPath, ["node_modules/vite/bin/vite.js", "build"], {
        cwd: dashboard,
      });
    } finally {
      await rm(lock, { recursive: true });
    }
  }
}

async function isFresh(): Promise<boolean> {
  const sources = [
    "dashboard/src",
    "dashboard/index.html",
    "dashboard/vite.config.ts",
    "runtime/src/protocol",
  ];
  const changedAt = Math.max(...(await Promise.all(sources.map((path) => newestIn(join(packages, path))))));
  const builtAt = await stat(join(builtPages, "index.html")).then(
    (file) => file.mtimeMs,
    () => 0,
  );
  return builtAt >= changedAt;
}

async function newestIn(path: string): Promise<number> {
  const { mtimeMs } = await stat(path);
  const inside = await readdir(path, { recursive: true }).catch(() => []);
  const times = await Promise.all(inside.map(async (name) => (await stat(join(path, name))).mtimeMs));
  return Math.max(mtimeMs, ...times);
}
