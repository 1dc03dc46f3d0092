import { EarlyEnd } from "./early-end.ts";

/** A request as the API takes it, from a socket or from code in this process. */
export interface Call {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** Aborts when the caller goes away. */
  readonly signal: AbortSignal;
  /** The same as a web request, for what streams a body or wants the whole address. *Cost*: 20 µs on a socket. */
  readonly raw: Request;
  /** A header by its name in lower case; repeated ones joined, as far as that is allowed. */
  header(name: string): string | undefined;
  /**
   * The body as it came; undefined when there is more of it than `limitBytes`. Once, and not together with `raw.body`.
   *
   * @throws EarlyEnd
   */
  read(limitBytes: number): Promise<Uint8Array | undefined>;
}

/** A web request as a call. */
export class WebCall implements Call {
  readonly raw: Request;

  constructor(raw: Request) {
    this.raw = raw;
  }

  get method(): string {
    return this.raw.method;
  }

  get target(): string {
    const { pathname, search } = new URL(this.raw.url);
    return pathname + search;
  }

  get signal(): AbortSignal {
    return this.raw.signal;
  }

  header(name: string): string | undefined {
    return this.raw.headers.get(name) ?? undefined;
  }

  async read(limitBytes: number): Promise<Uint8Array | undefined> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of bodyPieces(this.raw)) {
      length += piece.byteLength;
      if (length > limitBytes) return undefined;
      pieces.push(piece);
    }
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, length);
  }
}

/** The pieces of a body as they come, for routes that work on them one by one; the caller counts. */
export async function* bodyPieces(request: Request): AsyncGenerator<Uint8Array, void, undefined> {
  if (request.body === null) return;
  const reader = request.body.getReader();
  let finished = false;
  try {
    for (;;) {
      const { done, value } = await readPiece(reader);
      if (done) {
        finished = true;
        return;
      }
      yield value;
    }
  } finally {
    // Not awaited: a cancelled upload may never acknowledge it, and nobody waits for the rest.
    if (!finished) reader.cancel().catch(() => undefined);
  }
}

async function readPiece(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch (cause) {
    throw new EarlyEnd(cause);
  }
}
