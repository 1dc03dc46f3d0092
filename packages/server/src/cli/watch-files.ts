import { basename, dirname, sep } from "node:path";
import { watch } from "chokidar";

const WATCHED = /\.(?:[mc]?[jt]sx?|json)$/;
const IGNORED_FOLDERS = new Set(["node_modules", "dist", "build", "coverage"]);

/** Several files are often written at once. */
const QUIET_MS = 150;

/** Calls `onChange` after source files below `directory`, or beside `files`, have changed. Resolves when it watches. */
export async function watchFiles(
  directory: string,
  options: { readonly files: readonly string[]; readonly ignored: string },
  onChange: () => void,
): Promise<{ close(): Promise<void> }> {
  const outside = options.files.map((file) => dirname(file)).filter((folder) => !isBelow(folder, directory));
  const roots = new Set([directory, ...outside]);
  const watcher = watch([...roots], {
    ignoreInitial: true,
    ignored: (path, stats) => {
      if (roots.has(path)) return false;
      if (isBelow(path, options.ignored)) return true;
      const name = basename(path);
      return (
        name.startsWith(".") || IGNORED_FOLDERS.has(name) || (stats?.isFile() === true && !WATCHED.test(name))
      );
    },
  });
  let timer: NodeJS.Timeout | undefined;
  watcher.on("all", (event) => {
    if (event === "addDir" || event === "unlinkDir") return;
    clearTimeout(timer);
    timer = setTimeout(onChange, QUIET_MS);
  });
  // Too many files to watch, for example: then changes are not seen, and everything else works.
  watcher.on("error", () => undefined);
  await new Promise<void>((resolve) => watcher.once("ready", resolve));
  return {
    close: async () => {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}
