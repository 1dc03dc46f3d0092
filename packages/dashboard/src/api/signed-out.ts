/** Tells the shell that the server does not know us any more. */
class SignedOut {
  readonly #listeners = new Set<() => void>();

  /** @returns what ends it */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** There is one sign-in per tab. */
export const onSignedOut = new SignedOut();
