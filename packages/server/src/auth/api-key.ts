import { hash, webcrypto } from "node:crypto";

/** The environments that a key can open; runs of one are invisible to the keys of another. */
export type EnvironmentName = "dev" | "stg" | "prod" | "preview";

/** Hexadecimal digits of a key's SHA-256 that name it: `printf %s KEY | sha256sum | cut -c1-12` finds a leaked one. */
const ID_LENGTH = 12;

/**
 * A secret key in memory. Its text is a private field: printing, logging or serialising the object never shows it.
 */
export class ApiKey {
  readonly environment: EnvironmentName;
  readonly readOnly: boolean;
  /** SHA-256 of the key; what look-ups compare. */
  readonly digest: Buffer;
  readonly #text: string;
  #hmacKey: Promise<webcrypto.CryptoKey> | undefined;

  constructor(text: string, environment: EnvironmentName, readOnly: boolean) {
    this.#text = text;
    this.environment = environment;
    this.readOnly = readOnly;
    this.digest = digestOf(text);
  }

  /** What names the key without giving it away. */
  get id(): string {
    return this.digest.toString("hex").slice(0, ID_LENGTH);
  }

  /** The key itself, for calls to our own API in process. Never to be logged. */
  reveal(): string {
    return this.#text;
  }

  /** What tokens are signed and verified with: as the clients have it, HMAC-SHA-256 with the text of the key. */
  hmacKey(): Promise<webcrypto.CryptoKey> {
    this.#hmacKey ??= webcrypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(this.#text),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign", "verify"],
    );
    return this.#hmacKey;
  }
}

/** SHA-256 of a key. Keys have 144 random bits, so a slow hash would add nothing. */
export function digestOf(key: string): Buffer {
  return hash("sha256", key, "buffer");
}
