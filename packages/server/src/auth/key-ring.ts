import { ServerConfigError } from "../errors.ts";
import type { Clock } from "../service/clock.ts";
import type { ApiKeyStorage } from "../storage/api-key-storage.ts";
import type { ApiKey, EnvironmentName } from "./api-key.ts";
import { ENCRYPTION_KEY_VARIABLE } from "./encryption-key.ts";
import { SecretKeys } from "./secret-keys.ts";
import { StoredKeys } from "./stored-keys.ts";

/** A key that was revoked in the database is refused after so long at the latest, by every server on it. */
const REFRESH_MS = 5_000;

/** A key that is not known may have been made just now: looked for at most so often. */
const REFRESH_UNKNOWN_MS = 1_000;

/**
 * The keys a server accepts: those it was started with, and those in the database. The latter are read again when a
 * request comes and the last look is too old; between requests nothing happens. When they cannot be read, requests
 * with a key of the first kind go on, others get 503.
 */
export class KeyRing {
  readonly #configured: SecretKeys;
  readonly #stored: StoredKeys | undefined;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #reported = new Set<string>();
  #loaded = new SecretKeys([]);
  #loadedAt: number | undefined;
  #loading: Promise<void> | undefined;

  /** Use {@link KeyRing.open}. */
  private constructor(options: KeyRingOptions, stored: StoredKeys | undefined) {
    this.#configured = new SecretKeys(options.configured);
    this.#stored = stored;
    this.#clock = options.clock;
    this.#onError = options.onError;
  }

  /**
   * Reads the stored keys for the first time.
   *
   * @throws ServerConfigError when there are some, and no encryption key or another one than theirs
   */
  static async open(options: KeyRingOptions): Promise<KeyRing> {
    const { storage, encryptionKey } = options;
    const stored = encryptionKey === undefined ? undefined : new StoredKeys(storage, encryptionKey);
    if (stored !== undefined) {
      await stored.load((fault) => {
        throw fault;
      });
    } else if ((await storage.listApiKeys()).some((row) => row.revokedAt === undefined)) {
      throw new ServerConfigError(
        `The database holds secret keys, but no encryption key is given to read them: set ${ENCRYPTION_KEY_VARIABLE} (or the option encryptionKey) to the one they were made with, or revoke them with runmeta keys revoke.`,
      );
    }
    const ring = new KeyRing(options, stored);
    await ring.#refresh(0);
    return ring;
  }

  /** The key of this text, or undefined when it is not one of ours. Rejects when the database cannot be asked. */
  find(text: string): Promise<ApiKey | undefined> {
    return this.#look((keys) => keys.find(text));
  }

  /** The key that an id names, as {@link find} looks for it. An id opens nothing. */
  withId(id: string): Promise<ApiKey | undefined> {
    return this.#look((keys) => keys.withId(id));
  }

  /**
   * The keys that open an environment; any of them can have signed a token for it. With `newest`, one that was made a
   * second ago too.
   */
  async of(environment: string, newest = false): Promise<readonly ApiKey[]> {
    await this.#refresh(newest ? REFRESH_UNKNOWN_MS : REFRESH_MS);
    return [...this.#configured.of(environment), ...this.#loaded.of(environment)];
  }

  /** A key of an environment that may do everything, for code that calls this server's API in process. */
  keyOf(environment: string): string | undefined {
    const keys = [...this.#configured.of(environment), ...this.#loaded.of(environment)];
    return keys.find((key) => !key.readOnly)?.reveal();
  }

  /** The environments that have a key, without repetition. */
  get environments(): readonly EnvironmentName[] {
    return [...new Set([...this.#configured.all, ...this.#loaded.all].map((key) => key.environment))];
  }

  /** The first key that may do everything; what is printed for pasting when keys were generated. */
  get first(): ApiKey | undefined {
    return [...this.#configured.all, ...this.#loaded.all].find((key) => !key.readOnly);
  }

  async #look(among: (keys: SecretKeys) => ApiKey | undefined): Promise<ApiKey | undefined> {
    const configured = among(this.#configured);
    if (configured !== undefined || this.#stored === undefined) return configured;
    await this.#refresh(REFRESH_MS);
    const known = among(this.#loaded);
    if (known !== undefined) return known;
    await this.#refresh(REFRESH_UNKNOWN_MS);
    return among(this.#loaded);
  }

  /** Reads the stored keys unless that was done within `maxAgeMs`. One look serves all who wait for it. */
  async #refresh(maxAgeMs: number): Promise<void> {
    if (this.#stored === undefined) return;
    const ageMs = this.#loadedAt === undefined ? undefined : this.#clock.now().getTime() - this.#loadedAt;
    // A negative age: the clock was set back.
    if (ageMs !== undefined && ageMs >= 0 && ageMs < maxAgeMs) return;
    this.#loading ??= this.#load(this.#stored).finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
  }

  async #load(stored: StoredKeys): Promise<void> {
    // The age counts from before the look: what is revoked during it may be missed.
    const startedAt = this.#clock.now().getTime();
    const keys = await stored.load((fault) => {
      if (this.#reported.has(fault.message)) return;
      this.#reported.add(fault.message);
      this.#onError(fault);
    });
    this.#loaded = new SecretKeys(keys);
    this.#loadedAt = startedAt;
  }
}

/** What a key ring is made of. */
export interface KeyRingOptions {
  readonly configured: readonly ApiKey[];
  readonly storage: ApiKeyStorage;
  readonly encryptionKey: Buffer | undefined;
  readonly clock: Clock;
  onError(error: unknown): void;
}
