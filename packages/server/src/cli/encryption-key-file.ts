import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { ENCRYPTION_KEY_VARIABLE, parseEncryptionKey } from "../auth/encryption-key.ts";
import type { DatabaseLocation } from "./database-of.ts";
import { readPrivateFile, unusable } from "./private-file.ts";

/** Where the database of a command is, and what decrypts the keys in it. */
export interface DatabaseOptions extends DatabaseLocation {
  readonly encryptionKeyFile?: string;
}

/**
 * The text of the encryption key: from `RUNMETA_ENCRYPTION_KEY`, from `--encryption-key-file`, or beside an embedded
 * database (`encryption-key`, readable by its owner only). With `make` that last one is made when there is none;
 * undefined when there is none at all.
 *
 * @throws CliError when a file cannot be used · ServerConfigError for a text that is no key
 */
export async function readEncryptionKey(
  options: DatabaseOptions,
  make: boolean,
): Promise<string | undefined> {
  const named = process.env[ENCRYPTION_KEY_VARIABLE];
  if (named !== undefined && named !== "") {
    parseEncryptionKey(named, ENCRYPTION_KEY_VARIABLE);
    return named;
  }
  const { data, databaseUrl, encryptionKeyFile } = options;
  if (encryptionKeyFile === undefined && databaseUrl !== undefined) return undefined;
  const path = resolve(encryptionKeyFile ?? join(data, "encryption-key"));
  const own = encryptionKeyFile === undefined && make;
  const text = await readPrivateFile(path, own ? () => randomBytes(32).toString("base64") : undefined);
  if (text !== undefined) parseEncryptionKey(text, path);
  else if (encryptionKeyFile !== undefined) throw unusable(path, new Error("there is no such file"));
  return text;
}
