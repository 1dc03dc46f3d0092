import type { EnvironmentName } from "../auth/api-key.ts";
import { ENCRYPTION_KEY_VARIABLE, parseEncryptionKey } from "../auth/encryption-key.ts";
import { StoredKeys } from "../auth/stored-keys.ts";
import { withStorage } from "./database-of.ts";
import { type DatabaseOptions, readEncryptionKey } from "./encryption-key-file.ts";
import { CliError } from "./explain.ts";

const ON_POSTGRES = "On PostgreSQL keys change while servers run.";

/** `runmeta keys create`: prints the new key, alone on standard output; what is said about it goes to standard error. */
export async function runKeysCreate(
  options: DatabaseOptions & { readonly env: EnvironmentName; readonly readOnly?: boolean },
): Promise<void> {
  const encryptionKey = await readEncryptionKey(options, true);
  if (encryptionKey === undefined) {
    throw new CliError(
      `Keys are stored encrypted: set ${ENCRYPTION_KEY_VARIABLE} (openssl rand -base64 32), or give --encryption-key-file. Servers on this database need the same one.`,
    );
  }
  await withStorage(options, ON_POSTGRES, async (storage) => {
    const stored = new StoredKeys(storage, parseEncryptionKey(encryptionKey, ENCRYPTION_KEY_VARIABLE));
    const { id, key } = await stored.create(options.env, options.readOnly === true);
    process.stdout.write(`${key}\n`);
    process.stderr.write(`Stored as ${id}. The key is shown only now.\n`);
  });
}

/** `runmeta keys list`: every stored key, without its text. */
export async function runKeysList(options: DatabaseOptions): Promise<void> {
  await withStorage(options, ON_POSTGRES, async (storage) => {
    const rows = (await storage.listApiKeys()).map((row) => [
      row.id,
      row.environment,
      row.readOnly ? "read-only" : "full",
      row.createdAt.toISOString(),
      row.revokedAt?.toISOString() ?? "",
    ]);
    const widths = [12, 11, 9, 24, 24];
    for (const row of [["id", "environment", "access", "created", "revoked"], ...rows]) {
      const line = row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ");
      process.stdout.write(`${line.trimEnd()}\n`);
    }
  });
}

/** `runmeta keys revoke`: servers on the database refuse the key, and the tokens it signed, within 5 seconds. */
export async function runKeysRevoke(id: string, options: DatabaseOptions): Promise<void> {
  // Somebody who gives the key itself has just put it into a list of processes; it is not repeated here.
  if (!/^[0-9a-f]{12}$/.test(id))
    throw new CliError("A key is revoked by its id, as runmeta keys list shows it.");
  await withStorage(options, ON_POSTGRES, async (storage) => {
    if (!(await storage.revokeApiKey(id)))
      throw new CliError(`There is no stored key ${id}; see runmeta keys list.`);
    process.stdout.write(`revoked ${id}\n`);
  });
}
