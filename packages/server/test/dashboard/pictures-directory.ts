import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where pictures of pages are put: the directory `TEST_PICTURES`, or a new one, and it is told which. */
export async function picturesDirectory(): Promise<string> {
  const wanted = process.env.TEST_PICTURES;
  if (wanted !== undefined) await mkdir(wanted, { recursive: true });
  const directory = wanted ?? (await mkdtemp(join(tmpdir(), "runmeta-pictures-")));
  process.stderr.write(`Pictures of the dashboard: ${directory}\n`);
  return directory;
}
