/**
 * Reads that many ask for at once. Whoever asks gets a read that began after the question, so it shows everything that
 * was committed before; those who ask while one is under way share the next. At most one read is under way, and what it
 * gave is the same object for all who share it.
 */
export class SharedReads<Key, Value> {
  readonly #read: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>;
  readonly #maxKeys: number;
  #next = new Map<Key, Deferred<Value | undefined>>();
  #work: Promise<void> | undefined;

  constructor(read: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>, maxKeys: number) {
    this.#read = read;
    this.#maxKeys = maxKeys;
  }

  /** What is read of a key; undefined when the read did not find it. Rejects when the read does. */
  get(key: Key): Promise<Value | undefined> {
    let asked = this.#next.get(key);
    if (asked === undefined) this.#next.set(key, (asked = new Deferred()));
    this.#work ??= this.#run();
    return asked.promise;
  }

  async #run(): Promise<void> {
    // Of many who are woken by one change, all ask before the read begins.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#next.size > 0) {
      const asked = [...this.#next].slice(0, this.#maxKeys);
      for (const [key] of asked) this.#next.delete(key);
      try {
        const found = await this.#read(asked.map(([key]) => key));
        for (const [key, { resolve }] of asked) resolve(found.get(key));
      } catch (error) {
        for (const [, { reject }] of asked) reject(error);
      }
      // Gives sockets their turn: an embedded database's promises alone would starve them.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#work = undefined;
  }
}

class Deferred<Value> {
  resolve: (value: Value) => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;
  readonly promise = new Promise<Value>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}
