import { randomBytes, timingSafeEqual } from "node:crypto";
import { ServerConfigError } from "../errors.ts";
import { ApiKey, digestOf, type EnvironmentName } from "./api-key.ts";

const KEY_FORM = /^tr_(dev|stg|prod|preview)_[A-Za-z0-9_-]{1,200}$/;

/** Official clients treat this form as a restricted key: they would not sign tokens with it but ask the cloud to. */
const RESTRICTED_KEY_FORM = /^tr_(?:dev|stg|prod|preview)_sk_[0-9A-Za-z]{24}$/;

/**
 * The secret keys a server accepts. The part after `tr_` names the environment, so several keys can open one
 * environment and a key can be replaced without losing sight of its runs. Only digests are compared, each in constant
 * time and always all of them; how long a look-up takes tells nothing about a key.
 */
export class SecretKeys {
  readonly #keys: readonly ApiKey[];

  /** @throws ServerConfigError for a key of another form; the message names its position, never the key */
  constructor(keys: readonly string[]) {
    this.#keys = keys.map((key, index) => {
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
      return new ApiKey(key, environment as EnvironmentName, false);
    });
  }

  /** The key of this text, or undefined when it is not one of ours. */
  find(text: string): ApiKey | undefined {
    const digest = digestOf(text);
    let found: ApiKey | undefined;
    for (const key of this.#keys) {
      if (timingSafeEqual(key.digest, digest)) found = key;
    }
    return found;
  }

  /** The keys that open an environment; any of them can have signed a token for it. */
  of(environment: string): readonly ApiKey[] {
    return this.#keys.filter((key) => key.environment === environment);
  }

  /** The first key of an environment, for code that calls this server's API in process. */
  keyOf(environment: string): string | undefined {
    return this.of(environment)[0]?.reveal();
  }

  /** The environments that have a key, without repetition. */
  get environments(): readonly EnvironmentName[] {
    return [...new Set(this.#keys.map((key) => key.environment))];
  }

  /** The first key of all; what is printed for pasting when keys were generated. */
  get first(): string | undefined {
    return this.#keys[0]?.reveal();
  }
}

/** A new key with 144 random bits. */
export function createSecretKey(environment: EnvironmentName): string {
  return `tr_${environment}_${randomBytes(18).toString("base64url")}`;
}
