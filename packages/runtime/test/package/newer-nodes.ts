import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Majors and paths of the newer Nodes that run here; says on stderr which do not, and why. */
export function newerNodes(): [major: string, path: string][] {
  const found: [string, string][] = [];
  for (const major of ["22", "24"]) {
    const path = join(import.meta.dirname, "nodes/node_modules", `node-${major}`, "bin/node");
    const { error, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    if (error === undefined && stdout.startsWith(`v${major}.`)) found.push([major, path]);
    else process.stderr.write(`Node ${major} is not tested: ${error?.message ?? stdout}\n`);
  }
  return found;
}
