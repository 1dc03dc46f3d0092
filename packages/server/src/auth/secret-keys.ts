import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { ServerConfigError } from "../errors.ts";

/** The environments that a key can open; runs of one are invisible to the keys of another. */
export type EnvironmentName = "dev" | "stg" | "prod" | "preview";

const KEY_FORM = /^tr_(dev|stg|prod|preview)_[A-Za-z0-9_-]{1,200}$/;

/** Official clients treat this form as a restricted key: they would not sign tokens with it but ask the cloud to. */
const RESTRICTED_KEY_FORM = /^tr_(?:dev|stg|prod|preview)_sk_[0-9A-Za-z]{24}$/;

/**
 * The secret keys a server accepts. The part after `tr_` names the environment, so several keys can open one
 * environment and a key can be replaced without losing sight of its runs. Only digests are compared, each in constant
 * time and always all of them; how long a look-up takes tells nothing about a key.
 */
export class SecretKeys {
  readonly #entries: readonly { digest: Buffer; key: string; environment: EnvironmentName }[];

  /** @throws ServerConfigError for a key of another form; the message names its position, never the key */
  constructor(keys: readonly string[]) {
    this.#entries = keys.map((key, index) => {
      const environment = KEY_FORM.exec(key)?.[1];
      if (environment === undefined) {
        throw new ServerConfigError(
          `Secret key ${index + 1} of ${keys.length} is not of the form tr_dev_…, tr_stg_…, tr_prod_… or tr_preview_… (letters, digits, _ and -).`,
        );
      }
      if (RESTRICTED_KEY_FORM.test(key)) {
        throw new ServerConfigError(
          `Secret key ${index + 1} of ${keys.length} looks like tr_…_sk_ and 24 characters: official clients cannot sign tokens with that form. Choose another key.`,
        );
      }
      // The form was matched above, so the group is one of the four names.
      return { digest: sha256(key), key, environment: environment as EnvironmentName };
    });
  }

  /** The environment a key opens, or undefined when it is not one of ours. */
  environmentOf(key: string): EnvironmentName | undefined {
    const digest = sha256(key);
    let found: EnvironmentName | undefined;
    for (const entry of this.#entries) {
      if (timingSafeEqual(entry.digest, digest)) found = entry.environment;
    }
    return found;
  }

  /** The first key of an environment, for code that calls this server's API in process. */
  keyOf(environment: string): string | undefined {
    return this.#entries.find((entry) => entry.environment === environment)?.key;
  }

  /** The environments that have a key, without repetition. */
  get environments(): readonly EnvironmentName[] {
    return [...new Set(this.#entries.map((entry) => entry.environment))];
  }

  /** The first key of all; what is printed for pasting when keys were generated. */
  get first(): string | undefined {
    return this.#entries[0]?.key;
  }
}

/** A new key with 144 random bits. */
export function createSecretKey(environment: EnvironmentName): string {
  return `tr_${environment}_${randomBytes(18).toString("base64url")}`;
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
