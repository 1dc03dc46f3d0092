import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** What importing a built file reads. */
export interface StaticImports {
  /** The file and every file of the same package that it imports, with their text. */
  readonly files: ReadonlyMap<string, string>;
  /** What they import from elsewhere. */
  readonly packages: ReadonlySet<string>;
}

/** Follows the imports at the top of built ES modules; what is loaded on demand does not count. */
export async function staticImports(entry: string): Promise<StaticImports> {
  const files = new Map<string, string>();
  const packages = new Set<string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    const text = await readFile(file, "utf8");
    files.set(file, text);
    for (const [, name = ""] of text.matchAll(/^(?:import|export)\b[^;]*?\bfrom "([^"]+)";$/gm)) {
      if (name.startsWith(".")) waiting.push(join(dirname(file), name));
      else packages.add(name);
    }
  }
  return { files, packages };
}
