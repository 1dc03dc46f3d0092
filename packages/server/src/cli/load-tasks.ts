import { access, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type RunmetaConfig, registeredTasks, useConfig } from "@runmeta/runtime/worker";
import { CliError, explain } from "./explain.ts";
import { findTaskFiles } from "./find-task-files.ts";

/** What was loaded. */
export interface LoadedTasks {
  readonly config: string | undefined;
  readonly files: readonly string[];
  /** Ids of the tasks that the files define. */
  readonly tasks: readonly string[];
}

/** Names of the config, the first one found counts; the official one is taken as it is. */
const CONFIG_NAMES = ["runmeta.config", "trigger.config"].flatMap((name) =>
  ["ts", "mts", "js", "mjs", "cts", "cjs"].map((extension) => `${name}.${extension}`),
);

const DEFAULT_DIRS = ["./trigger"];

/**
 * Loads the config of a directory and the files that define tasks, TypeScript included, into this process. Without
 * `paths` these are the files in the config's `dirs`.
 *
 * @throws CliError naming the file that is missing, cannot be loaded, or is not what it should be
 */
export async function loadTasks(paths: readonly string[], directory: string): Promise<LoadedTasks> {
  const configPath = await findConfig(directory);
  const config = configPath === undefined ? undefined : await loadConfig(configPath, directory);
  useConfig(config);
  const named = paths.length > 0 ? paths : await existing(config?.dirs ?? DEFAULT_DIRS, directory);
  const files = await findTaskFiles(named, directory);
  for (const file of files) await load(file, directory);
  return { config: configPath, files, tasks: registeredTasks().map((task) => task.id) };
}

let loaders: Promise<void> | undefined;

/** Node 20 reads no TypeScript by itself; loaded only when there is something to load, since it costs a thread. */
function understandTypeScript(): Promise<void> {
  loaders ??= (async () => {
    const [esm, cjs] = await Promise.all([import("tsx/esm/api"), import("tsx/cjs/api")]);
    cjs.register();
    esm.register();
  })();
  return loaders;
}

async function findConfig(directory: string): Promise<string | undefined> {
  for (const name of CONFIG_NAMES) {
    const path = join(directory, name);
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

async function loadConfig(path: string, directory: string): Promise<RunmetaConfig> {
  const loaded = await load(path, directory);
  const config = defaultExport(loaded);
  if (typeof config !== "object" || config === null)
    throw new CliError(
      `${relative(directory, path)} has no default export; write: export default defineConfig({ … })`,
    );
  // useConfig checks the options.
  return config as RunmetaConfig;
}

/** A file in CommonJS arrives as its `module.exports`, whose own `default` is what the author exported. */
function defaultExport(loaded: unknown): unknown {
  const outer = property(loaded, "default");
  const inner = property(outer, "default");
  return property(outer, "__esModule") === true || inner !== undefined ? inner : outer;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

async function load(path: string, directory: string): Promise<unknown> {
  await understandTypeScript();
  try {
    return (await import(pathToFileURL(path).href)) as unknown;
  } catch (cause) {
    throw new CliError(`${relative(directory, path)} cannot be loaded: ${explain(cause)}`, { cause });
  }
}

/** The default folder need not be there. */
async function existing(dirs: readonly string[], directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const dir of dirs) {
    const entry = await stat(resolve(directory, dir)).catch(() => undefined);
    if (entry?.isDirectory()) found.push(dir);
    else if (dirs !== DEFAULT_DIRS)
      throw new CliError(`There is no folder ${dir}, which the config names in dirs.`);
  }
  return found;
}
