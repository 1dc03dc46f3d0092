import { join, resolve } from "node:path";
import { createSecretKey, parseSecretKeys } from "../auth/secret-keys.ts";
import { readPrivateFile, unusable } from "./private-file.ts";

/**
 * The key kept in a data directory (`secret-key`, readable by its owner only); made when there is none.
 *
 * @throws CliError when it cannot be read or written, or holds no key
 */
export async function readSecretKeyFile(dataDirectory: string): Promise<{ key: string; path: string }> {
  const path = join(resolve(dataDirectory), "secret-key");
  const key = (await readPrivateFile(path, () => createSecretKey("dev"))) ?? "";
  try {
    parseSecretKeys([key]);
  } catch (cause) {
    throw unusable(path, cause);
  }
  return { key, path };
}
