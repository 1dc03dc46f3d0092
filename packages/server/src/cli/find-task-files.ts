import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { CliError } from "./explain.ts";

const TASK_FILE = /\.[mc]?[jt]sx?$/;
const NO_TASK_FILE = /(?:\.d\.[mc]?ts|\.(?:test|spec)\.[mc]?[jt]sx?)$/;

/**
 * The files behind paths as the user gives them: a file itself, of a folder all JavaScript and TypeScript files below
 * it, without tests, type declarations, `node_modules` and hidden folders. Absolute, sorted, without repetition.
 *
 * @throws CliError for a path that is not there
 */
export async function findTaskFiles(paths: readonly string[], directory: string): Promise<string[]> {
  const found = new Set<string>();
  for (const path of paths) {
    const absolute = resolve(directory, path);
    const entry = await stat(absolute).catch(() => undefined);
    if (entry === undefined)
      throw new CliError(`There is no task file or folder ${path} (looked for ${absolute}).`);
    const files = entry.isDirectory() ? (await filesBelow(absolute)).sort() : [absolute];
    for (const file of files) found.add(file);
  }
  return [...found];
}

async function filesBelow(directory: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) files.push(...(await filesBelow(path)));
    else if (TASK_FILE.test(entry.name) && !NO_TASK_FILE.test(entry.name)) files.push(path);
  }
  return files;
}
