import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { runProcess } from "./run-process.ts";

const packages = resolve(import.meta.dirname, "../../..");

/** Folder of a package of this workspace. */
export function packageFolder(name: string): string {
  return join(packages, name);
}

/**
 * Packs a package as `pnpm publish` would, and gives the tarball.
 * @throws Error "build first" when the package is not built
 */
export async function packTarball(name: string, destination: string): Promise<string> {
  const folder = packageFolder(name);
  if (!existsSync(join(folder, "dist/index.mjs"))) {
    throw new Error(`packages/${name}/dist is missing: build first (pnpm build)`);
  }
  const own = join(destination, name);
  await mkdir(own, { recursive: true });
  const [program, args] = pnpm();
  const packed = await runProcess(program, [...args, "pack", "--pack-destination", own], { cwd: folder });
  const tarball = (await readdir(own)).find((file) => file.endsWith(".tgz"));
  if (packed.code !== 0 || tarball === undefined) {
    throw new Error(`pnpm pack of ${name} failed:\n${packed.stdout}${packed.stderr}`);
  }
  return join(own, tarball);
}

/** The pnpm that runs this test; else npx's copy, without asking the registry. */
function pnpm(): readonly [string, readonly string[]] {
  const running = process.env.npm_execpath ?? "";
  if (!/pnpm[^/\\]*$/.test(running)) return ["npx", ["--offline", "-y", "pnpm@12"]];
  return /\.[cm]?js$/.test(running) ? [process.execPath, [running]] : [running, []];
}
