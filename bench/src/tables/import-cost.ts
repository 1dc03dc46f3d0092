import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { costLine, type Line, type Table } from "../table.ts";

const here = join(import.meta.dirname, "..", "..");

/** What a fresh process pays for one import: milliseconds and megabytes of resident memory. */
function importing(name: string): { ms: number; mb: number } {
  const code = `
    const before = process.memoryUsage.rss(), start = performance.now();
    await import(${JSON.stringify(name)});
    console.log(JSON.stringify({ ms: performance.now() - start, mb: (process.memoryUsage.rss() - before) / 1e6 }));`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", code], {
    cwd: here,
    encoding: "utf8",
  });
  return JSON.parse(printed) as { ms: number; mb: number };
}

/** Gzipped kilobytes of `metadata` and `task`, as a bundler leaves them. */
async function bundled(name: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: `export { metadata, task } from ${JSON.stringify(name)};`, resolveDir: here },
    bundle: true,
    minify: true,
    splitting: true,
    write: false,
    outdir: join(here, "bundle"),
    platform: "node",
    format: "esm",
    logLevel: "error",
  });
  // What is loaded on demand is in files of its own; the first is what every start reads.
  const first = outputFiles.find(({ path }) => path.endsWith("stdin.js")) ?? outputFiles[0];
  const seen = new Set<string>();
  const collect = (path: string, text: string): Buffer[] => {
    if (seen.has(path)) return [];
    seen.add(path);
    const imported = [...text.matchAll(/(?:from|import)\s*"(\.\/[^"]+)"/g)].map(([, file = ""]) =>
      join(dirname(path), file),
    );
    const parts = outputFiles.filter((file) => imported.includes(file.path));
    return [Buffer.from(text), ...parts.flatMap((file) => collect(file.path, file.text))];
  };
  if (first === undefined) throw new Error(`${name} bundled to nothing`);
  return gzipSync(Buffer.concat(collect(first.path, first.text))).length / 1_024;
}

/** The packages as they are published, imported and bundled. */
export async function importCost(rounds: number): Promise<Table> {
  const require = createRequire(import.meta.url);
  const ours = require.resolve("@runmeta/runtime");
  if (!ours.includes("dist")) throw new Error("build the packages first: npx -y pnpm@12 build");
  const costs = { ours: [] as ReturnType<typeof importing>[], peer: [] as ReturnType<typeof importing>[] };
  for (let round = 0; round < rounds; round += 1) {
    costs.ours.push(importing("@runmeta/runtime"));
    costs.peer.push(importing("@trigger.dev/sdk"));
  }
  const of = (key: "ms" | "mb", whose: "ours" | "peer") => costs[whose].map((cost) => cost[key]);
  const sizes = { ours: await bundled("@runmeta/runtime"), peer: await bundled("@trigger.dev/sdk") };
  const lines: Line[] = [
    costLine("import, ms", of("ms", "peer"), of("ms", "ours"), 20),
    costLine("import, MB of resident memory", of("mb", "peer"), of("mb", "ours"), 15),
    costLine("bundle of `metadata` and `task`, KB gzipped", [sizes.peer], [sizes.ours]),
    {
      ...costLine("the same, beside the 20 KB it may be", [20], [sizes.ours], 1),
    },
  ];
  return { title: "Importing it", peer: "@trigger.dev/sdk 4.8.3", unit: "ms", ratioAs: "times", lines };
}
