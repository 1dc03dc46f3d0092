import { randomBytes, timingSafeEqual } from "node:crypto";
import { ServerConfigError } from "../errors.ts";
import { ApiKey, digestOf, type EnvironmentName } from "./api-key.ts";

const KEY_FORM = /^tr_(dev|stg|prod|preview)_[A-Za-z0-9_-]{1,200}$/;

/** Official clients treat this form as a restricted key: they would not sign tokens with it but ask the cloud to. */
const RESTRICTED_KEY_FORM = /^tr_(?:dev|stg|prod|preview)_sk_[0-9A-Za-z]{24}$/;

/**
 * A set of secret keys. The part after `tr_` names the environment, so several keys can open one environment and a key
 * can be replaced without losing sight of its runs. Only digests are compared, each in constant time and always all of
 * them; how long a look-up takes tells nothing about a key.
 */
export class SecretKeys {
  readonly all: readonly ApiKey[];

  constructor(keys: readonly ApiKey[]) {
    this.all = keys;
  }

  /** The key of this text, or undefined when it is not one of ours. */
  find(text: string): ApiKey | undefined {
    const digest = digestOf(text);
    let found: ApiKey | undefined;
    for (const key of this.all) {
      if (timingSafeEqual(key.digest, digest)) found = key;
    }
    return found;
  }

  /** The key that an id names. */
  withId(id: string): ApiKey | undefined {
    return this.all.find((key) => key.id === id);
  }

  /** The keys that open an environment. */
  of(environment: string): readonly ApiKey[] {
    return this.all.filter((key) => key.environment === environment);
  }
}

/**
 * Keys from their texts.
 *
 * @throws ServerConfigError for a key of another form; the message names its position, never the key
 */
export function parseSecretKeys(texts: readonly string[]): ApiKey[] {
  return texts.map((text, index) => {
    const environment = KEY_FORM.exec(text)?.[1];
    if (environment === undefined) {
      throw new ServerConfigError(
        `Secret key ${index + 1} of ${texts.length} is not of the form tr_dev_…, tr_stg_…, tr_prod_… or tr_preview_… (letters, digits, _ and -).`,
      );
    }
    if (RESTRICTED_KEY_FORM.test(text)) {
      throw new ServerConfigError(
        `Secret key ${index + 1} of ${texts.length} looks like tr_…_sk_ and 24 characters: official clients cannot sign tokens with that form. Choose another key.`,
      );
    }
    // The form was matched above, so the group is one of the four names.
    return new ApiKey(text, environment as EnvironmentName, false);
  });
}

/** A new key with 144 random bits. */
export function createSecretKey(environment: EnvironmentName): string {
  return `tr_${environment}_${randomBytes(18).toString("base64url")}`;
}
