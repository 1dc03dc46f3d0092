import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createSecretKey, SecretKeys } from "../auth/secret-keys.ts";
import { CliError } from "./explain.ts";

/**
 * The key kept in a data directory (`secret-key`, readable by its owner only); made when there is none.
 *
 * @throws CliError when it cannot be read or written, or holds no key
 */
export async function readSecretKeyFile(dataDirectory: string): Promise<{ key: string; path: string }> {
  const path = join(resolve(dataDirectory), "secret-key");
  try {
    await mkdir(resolve(dataDirectory), { recursive: true, mode: 0o700 });
    const key = createSecretKey("dev");
    // Exclusive, so that two first starts agree on one key.
    await writeFile(path, `${key}\n`, { flag: "wx", mode: 0o600 });
    return { key, path };
  } catch (cause) {
    if (!hasCode(cause, "EEXIST")) throw unusable(path, cause);
  }
  try {
    await chmod(path, 0o600);
    const key = (await readFile(path, "utf8")).trim();
    new SecretKeys([key]);
    return { key, path };
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function unusable(path: string, cause: unknown): CliError {
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new CliError(`The key file ${path} cannot be used: ${problem}`, { cause });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
