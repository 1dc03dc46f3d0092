import { randomBytes } from "node:crypto";
import type { ApiKey } from "../auth/api-key.ts";
import { digestOf } from "../auth/api-key.ts";
import type { Clock } from "../service/clock.ts";

/** How long a link that nobody has opened is good for. */
const GOOD_FOR_MS = 15 * 60_000;

/** Tokens that sign in once, each without a key in it; known to this process only. */
export class OneTimeLinks {
  readonly #clock: Clock;
  readonly #links = new Map<string, { readonly key: ApiKey; readonly expiresAt: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new token for a key. */
  issue(key: ApiKey): string {
    const now = this.#clock.now().getTime();
    for (const [name, { expiresAt }] of this.#links) if (expiresAt <= now) this.#links.delete(name);
    const token = randomBytes(24).toString("base64url");
    this.#links.set(nameOf(token), { key, expiresAt: now + GOOD_FOR_MS });
    return token;
  }

  /** The key of a token, the first time it is asked for and not too late. */
  use(token: string): ApiKey | undefined {
    const name = nameOf(token);
    const link = this.#links.get(name);
    this.#links.delete(name);
    return link !== undefined && this.#clock.now().getTime() < link.expiresAt ? link.key : undefined;
  }
}

/** Looked up by digest: how long it takes tells nothing about a token. */
function nameOf(token: string): string {
  return digestOf(token).toString("hex");
}
