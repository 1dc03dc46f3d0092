import { StreamReleasedError } from "../errors.ts";

/** Characters of JSON that are kept for a reader. */
const MAX_HELD_CHARACTERS = 1024 * 1024;

/**
 * What the job itself gets of a stream. As long as nobody has begun to read it, a million characters of JSON are kept; when more comes, it
 * is released, and reading it throws. Who has begun to read loses nothing: the source waits for him.
 */
export class StreamCopy<T> implements AsyncIterable<T> {
  readonly #key: string;
  #items: { readonly value: T; readonly length: number }[] = [];
  #held = 0;
  #state: "unread" | "read" | "released" | "detached" = "unread";
  #end: { readonly failure?: unknown } | undefined;
  #wake: () => void = () => undefined;
  #changed = Promise.resolve();

  constructor(key: string) {
    this.#key = key;
    this.#listen();
  }

  push(value: T, length: number): void {
    if (this.#state === "unread" && this.#held + length > MAX_HELD_CHARACTERS) this.#drop("released");
    if (this.#state === "released" || this.#state === "detached") return;
    this.#items.push({ value, length });
    this.#held += length;
    this.#notify();
  }

  /** No more comes; with a failure, reading ends by throwing it. */
  end(end: { readonly failure?: unknown } = {}): void {
    this.#end ??= end;
    this.#notify();
  }

  /** Nobody is waited for any more. */
  detach(): void {
    if (this.#held > MAX_HELD_CHARACTERS || this.#state === "read") this.#state = "detached";
    this.#notify();
  }

  /** Resolves when the reader, if there is one, has taken enough. */
  async room(): Promise<void> {
    while (this.#state === "read" && this.#held >= MAX_HELD_CHARACTERS) await this.#changed;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    if (this.#state === "released") throw new StreamReleasedError(this.#key, MAX_HELD_CHARACTERS);
    if (this.#state === "unread") this.#state = "read";
    try {
      for (;;) {
        const item = this.#items.shift();
        if (item !== undefined) {
          this.#held -= item.length;
          this.#notify();
          yield item.value;
        } else if (this.#end !== undefined) {
          if ("failure" in this.#end) throw this.#end.failure;
          return;
        } else await this.#changed;
      }
    } finally {
      this.#drop("detached");
    }
  }

  #drop(state: "released" | "detached"): void {
    this.#state = state;
    this.#items = [];
    this.#held = 0;
    this.#notify();
  }

  #listen(): void {
    this.#changed = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #notify(): void {
    this.#wake();
    this.#listen();
  }
}
