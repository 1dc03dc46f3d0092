import {
  cpSync,
  existsSync,
  fstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * What a disk would hold of the directory `source` if the power went out: a shadow that only changes by syncs.
 * A synced file is there with the content of that moment; what was written to it later is not. Names that were
 * removed or renamed stay as they were until their directory is synced.
 */
export class PowerCutDisk {
  readonly #source: string;
  readonly #shadow: string;
  readonly #contents = new Map<number, Buffer>();
  syncCount = 0;

  constructor(source: string, shadow: string) {
    this.#source = source;
    this.#shadow = shadow;
    cpSync(source, shadow, { recursive: true });
  }

  /** To be called right after `descriptor` was synced. */
  synced(descriptor: number): void {
    this.syncCount++;
    const path = readlinkSync(`/proc/self/fd/${descriptor}`);
    const target = join(this.#shadow, relative(this.#source, path));
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) return this.#syncNames(path, target);
    const content = readFileSync(path);
    this.#contents.set(stat.ino, content);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }

  #syncNames(path: string, target: string): void {
    mkdirSync(target, { recursive: true });
    const names = new Set(readdirSync(path));
    for (const name of readdirSync(target)) {
      if (!names.has(name)) rmSync(join(target, name), { recursive: true });
    }
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const shadow = join(target, entry.name);
      if (existsSync(shadow)) continue;
      if (entry.isDirectory()) mkdirSync(shadow);
      else writeFileSync(shadow, this.#contents.get(statSync(join(path, entry.name)).ino) ?? "");
    }
  }

  /** The state of the disk now, as a data directory of its own. */
  cut(directory: string): void {
    cpSync(this.#shadow, join(directory, "database"), { recursive: true });
  }
}
