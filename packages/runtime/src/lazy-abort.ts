/**
 * An `AbortController` that exists once somebody asks for its signal. Making one costs more than the rest of opening a
 * run, and most runs are never asked.
 */
export class LazyAbort {
  #controller: AbortController | undefined;
  #aborted = false;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** How long something may take, and this signal, which is still made only when it is asked for. */
  within(timeoutMs: number): { readonly timeoutMs: number; readonly signal: AbortSignal } {
    const abort = this;
    return {
      timeoutMs,
      get signal() {
        return abort.signal;
      },
    };
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }
}
