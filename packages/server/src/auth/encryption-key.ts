import { ServerConfigError } from "../errors.ts";

/** Where the key is read from that encrypts stored secret keys. */
export const ENCRYPTION_KEY_VARIABLE = "RUNMETA_ENCRYPTION_KEY";

/**
 * 32 bytes from their text: base64 (44 characters, `openssl rand -base64 32`) or hexadecimal (64).
 *
 * @throws ServerConfigError naming where the text is from, never the text
 */
export function parseEncryptionKey(text: string, origin: string): Buffer {
  const trimmed = text.trim();
  const bytes = /^[0-9a-f]{64}$/i.test(trimmed)
    ? Buffer.from(trimmed, "hex")
    : /^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)
      ? Buffer.from(trimmed, "base64")
      : undefined;
  if (bytes?.length === 32) return bytes;
  throw new ServerConfigError(
    `${origin} is not an encryption key: it must be 32 bytes as base64 or hexadecimal (openssl rand -base64 32).`,
  );
}
