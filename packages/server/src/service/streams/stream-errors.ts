import { MAX_STREAMS, type StreamLimits } from "./stream-limits.ts";

/** A stream that holds as much as it may. */
export class StreamFullError extends Error {
  override name = "StreamFullError";

  constructor(key: string, { maxChunks, maxBytes }: StreamLimits) {
    super(
      `Stream ${key} is full: it holds at most ${maxChunks} chunks and ${maxBytes} bytes. What was stored before stays; write on to a stream of another key.`,
    );
  }
}

/** A run that has as many streams as it may. */
export class TooManyStreamsError extends Error {
  override name = "TooManyStreamsError";

  constructor() {
    super(`A run has at most ${MAX_STREAMS} streams`);
  }
}

/** A run that was deleted while somebody wrote to a stream of it. */
export class RunGoneError extends Error {
  override name = "RunGoneError";

  constructor(runId: string) {
    super(`Run ${runId} was deleted`);
  }
}
