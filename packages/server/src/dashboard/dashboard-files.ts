import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { getMimeType } from "hono/utils/mime";

const compress = promisify(gzip);

/** One file of the built dashboard. */
export interface DashboardFile {
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same, compressed, where that makes it smaller. */
  readonly gzipped: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * The built pages, by path (`index.html`, `assets/…`). They are read once, all of them: a path that a browser sends is
 * looked up among them and never reaches the disk.
 */
export class DashboardFiles {
  readonly #directory: string;
  #files: Promise<ReadonlyMap<string, DashboardFile>> | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Undefined when there is no such file. Rejects when the directory cannot be read. */
  async get(path: string): Promise<DashboardFile | undefined> {
    const files = await (this.#files ??= readAll(this.#directory));
    // What was not built yet may be at the next request.
    if (files.size === 0) this.#files = undefined;
    return files.get(path);
  }
}

/** Where the build puts the pages: in `dist/dashboard` of this package, whichever of its files this code is in. */
export function builtDashboard(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "package.json")) && dirname(directory) !== directory)
    directory = dirname(directory);
  return join(directory, "dist", "dashboard");
}

async function readAll(directory: string): Promise<ReadonlyMap<string, DashboardFile>> {
  if (!existsSync(join(directory, "index.html"))) return new Map();
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
  return new Map(
    await Promise.all(
      files.map(async (path): Promise<[string, DashboardFile]> => {
        const contentType = getMimeType(path) ?? "application/octet-stream";
        const bytes = new Uint8Array(await readFile(join(directory, path)));
        const compressed = new Uint8Array(await compress(bytes));
        const gzipped = compressed.byteLength < bytes.byteLength ? compressed : undefined;
        return [path.replaceAll(sep, "/"), { contentType, bytes, gzipped }];
      }),
    ),
  );
}
