import { ServerConfigError } from "../errors.ts";
import type { ApiKeyRow, ApiKeyStorage } from "../storage/api-key-storage.ts";
import { ApiKey, type EnvironmentName } from "./api-key.ts";
import { ENCRYPTION_KEY_VARIABLE } from "./encryption-key.ts";
import { openText, sealText } from "./sealed-text.ts";
import { createSecretKey } from "./secret-keys.ts";

/** Secret keys in the database, encrypted. */
export class StoredKeys {
  readonly #storage: ApiKeyStorage;
  readonly #encryptionKey: Buffer;

  constructor(storage: ApiKeyStorage, encryptionKey: Buffer) {
    this.#storage = storage;
    this.#encryptionKey = encryptionKey;
  }

  /**
   * Makes a key and stores it; its text is given here once and never again.
   *
   * @throws ServerConfigError when a stored key was encrypted with another encryption key
   */
  async create(environment: EnvironmentName, readOnly: boolean): Promise<{ id: string; key: string }> {
    await this.load((fault) => {
      throw fault;
    });
    const key = createSecretKey(environment);
    const { id } = new ApiKey(key, environment, readOnly);
    const sealed = sealText(key, labelOf({ id, environment, readOnly }), this.#encryptionKey);
    await this.#storage.insertApiKey({ id, environment, readOnly, sealed });
    return { id, key };
  }

  /** The keys that are not revoked, decrypted. One that cannot be is told to `onUnreadable` and left out. */
  async load(onUnreadable: (fault: ServerConfigError) => void): Promise<readonly ApiKey[]> {
    const keys: ApiKey[] = [];
    for (const row of await this.#storage.listApiKeys()) {
      if (row.revokedAt !== undefined) continue;
      const text = openText(row.sealed, labelOf(row), this.#encryptionKey);
      // The label was authenticated, so environment and access are those that the key was made with.
      if (text !== undefined) keys.push(new ApiKey(text, row.environment as EnvironmentName, row.readOnly));
      else onUnreadable(unreadable(row));
    }
    return keys;
  }
}

function labelOf(row: Pick<ApiKeyRow, "id" | "environment" | "readOnly">): string {
  return JSON.stringify([row.id, row.environment, row.readOnly]);
}

function unreadable(row: ApiKeyRow): ServerConfigError {
  return new ServerConfigError(
    `The stored key ${row.id} cannot be decrypted: ${ENCRYPTION_KEY_VARIABLE} is not the one it was encrypted with, or the row was changed. Set that one again, or revoke the key.`,
  );
}
