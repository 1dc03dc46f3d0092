/** One server-sent event; of a comment only its text. */
export interface SeenEvent {
  readonly id?: string;
  // Tests look into data of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: a test that misreads an event fails
  readonly data?: any;
  readonly comment?: string;
}

/** Reads the events of a response, one at a time. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(response: Response) {
    if (response.body === null) throw new Error(`the reply ${response.status} has no body`);
    this.#reader = response.body.getReader();
  }

  /** The next one, comments included; undefined at the end. */
  async next(): Promise<SeenEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return parse(block);
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

function parse(block: string): SeenEvent {
  const field = (name: string) =>
    block
      .split("\n")
      .filter((line) => line.startsWith(`${name}: `))
      .map((line) => line.slice(name.length + 2))
      .join("\n");
  const id = field("id");
  const data = field("data");
  const comment = field("");
  return {
    ...(id === "" ? {} : { id }),
    ...(data === "" ? {} : { data: JSON.parse(data) }),
    ...(comment === "" ? {} : { comment }),
  };
}
