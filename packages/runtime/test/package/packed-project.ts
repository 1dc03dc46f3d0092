import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packageFolder, packTarball } from "./packed-tarballs.ts";
import { type Finished, runProcess } from "./run-process.ts";

/** What a project is made of. */
export interface ProjectOptions {
  /** Packages of this workspace to install, from their tarballs. @default ["runtime"] */
  readonly install?: readonly string[];
  /** Further names that the runtime is installed under, as `npm:@runmeta/runtime` does. */
  readonly aliases?: readonly string[];
  /** Dependencies that are left out. */
  readonly without?: readonly string[];
}

/** A project outside this workspace that has the packages as a user gets them. */
export interface PackedProject extends AsyncDisposable {
  readonly directory: string;
  /** Runs one of `fixtures/` in it. */
  runFixture(file: string, options?: { readonly node?: string }): Promise<Finished>;
  /** Puts a dependency of this repository's own folder into it. */
  link(name: string, from: string): Promise<void>;
}

const fixtures = join(import.meta.dirname, "fixtures");

/**
 * Installs packed tarballs, without the network: unpacked into `node_modules`, and each dependency that the packed
 * manifest names linked from this workspace. What a manifest forgets is therefore missing here too.
 */
export async function packedProject(options: ProjectOptions = {}): Promise<PackedProject> {
  const { install = ["runtime"], aliases = [], without = [] } = options;
  const directory = await mkdtemp(join(tmpdir(), "runmeta-packed-"));
  const modules = join(directory, "node_modules");
  await cp(fixtures, directory, { recursive: true });

  const link = async (name: string, from: string): Promise<void> => {
    const place = join(modules, name);
    await mkdir(dirname(place), { recursive: true });
    await symlink(await realpath(join(from, "node_modules", name)), place, "dir").catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    });
  };

  try {
    for (const name of install) {
      const tarball = await packTarball(name, join(directory, "tarballs"));
      const names = [`@runmeta/${name}`, ...(name === "runtime" ? aliases : [])];
      for (const installed of names) await unpack(tarball, join(modules, installed));
      const manifest = await readManifest(join(modules, `@runmeta/${name}`));
      for (const dependency of Object.keys(manifest.dependencies ?? {})) {
        if (dependency.startsWith("@runmeta/") || without.includes(dependency)) continue;
        await link(dependency, packageFolder(name));
      }
    }
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }

  return {
    directory,
    link,
    runFixture: (file, { node = process.execPath } = {}) =>
      runProcess(node, [join(directory, file)], { cwd: directory }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** The part of a manifest that these tests look at. */
export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly exports: unknown;
}

/** Reads the manifest of an installed package. */
export async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
}

async function unpack(tarball: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { code, stderr } = await runProcess("tar", ["-xzf", tarball, "-C", folder, "--strip-components=1"]);
  if (code !== 0) throw new Error(`tar failed: ${stderr}`);
}
