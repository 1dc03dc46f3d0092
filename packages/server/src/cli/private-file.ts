import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { CliError } from "./explain.ts";

/**
 * What a file that only its owner may read holds, without the line break at its end; with `make`, the file and its
 * folder are made when there is none. Undefined when there is none and none is made.
 *
 * @throws CliError when it cannot be read or written
 */
export async function readPrivateFile(path: string, make?: () => string): Promise<string | undefined> {
  try {
    if (make !== undefined) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const text = make();
      // Exclusive, so that two first starts agree on one text.
      await writeFile(path, `${text}\n`, { flag: "wx", mode: 0o600 });
      return text;
    }
  } catch (cause) {
    if (!hasCode(cause, "EEXIST")) throw unusable(path, cause);
  }
  try {
    await chmod(path, 0o600);
    return (await readFile(path, "utf8")).trim();
  } catch (cause) {
    if (hasCode(cause, "ENOENT")) return undefined;
    throw unusable(path, cause);
  }
}

/** A private file whose content is none. */
export function unusable(path: string, cause: unknown): CliError {
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new CliError(`The key file ${path} cannot be used: ${problem}`, { cause });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
