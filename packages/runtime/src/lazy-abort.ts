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
  within(timeoutMs: number): Within {
    return new Within(timeoutMs, this);
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }
}

/** A class: an object literal with an accessor costs V8 a hidden class each time. */
class Within {
  readonly timeoutMs: number;
  readonly #abort: LazyAbort;

  constructor(timeoutMs: number, abort: LazyAbort) {
    this.timeoutMs = timeoutMs;
    this.#abort = abort;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }
}
