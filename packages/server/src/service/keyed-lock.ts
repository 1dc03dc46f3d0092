/**
 * Lets one caller at a time work on a key. Two triggers with one idempotency key would otherwise both look, both find
 * nothing and both insert. Between processes the database's unique index is what holds.
 */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` when all earlier ones for any of `keys` have ended. Keys are taken in sorted order: no deadlock. */
  async run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const releases: (() => void)[] = [];
    try {
      for (const key of [...new Set(keys)].sort()) releases.push(await this.#take(key));
      return await work();
    } finally {
      for (const release of releases) release();
    }
  }

  async #take(key: string): Promise<() => void> {
    const before = this.#tails.get(key);
    let release: () => void = () => undefined;
    const tail = new Promise<void>((resolve) => {
      release = () => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
        resolve();
      };
    });
    this.#tails.set(key, tail);
    await before;
    return release;
  }
}
