/** Jobs whose queue ends them together: none of them ends before all have, and one that fails is a failure of all. */
export class JobBatch {
  #open: number;
  #failure: { readonly error: unknown } | undefined;
  #end: () => void = () => {};
  readonly #ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  /** @param size jobs that call {@link join} or {@link leave}, each once */
  constructor(size: number) {
    this.#open = size;
  }

  /**
   * Works on one job, and waits for the others.
   * @throws what `body` throws; else what the first job that failed threw
   */
  async join<T>(body: () => Promise<T>): Promise<T> {
    let value: T;
    try {
      value = await body();
    } catch (error) {
      this.leave(error);
      await this.#ended;
      throw error;
    }
    this.#settle();
    await this.#ended;
    if (this.#failure !== undefined) throw this.#failure.error;
    return value;
  }

  /** One job could not be begun. */
  leave(error: unknown): void {
    this.#failure ??= { error };
    this.#settle();
  }

  #settle(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#end();
  }
}
