import type { Clock } from "../clock.ts";
import type { WarningCode } from "../options.ts";
import { readStream } from "./read-stream.ts";
import { type StreamSource, sourceItems } from "./source-items.ts";
import { StreamCopy } from "./stream-copy.ts";
import { readPath, type StreamEndpoint, type StreamTarget, writePath } from "./stream-endpoint.ts";
import { StreamUpload } from "./stream-upload.ts";

/** What the streams of a run work with. */
export interface RunStreamsOptions {
  readonly runId: string;
  readonly parentId: string | undefined;
  readonly rootId: string | undefined;
  /** Looked up for each stream; undefined: there is no API, and streams are handed through. */
  readonly endpoint: () => StreamEndpoint | undefined;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  readonly random: () => number;
  readonly warn: (code: WarningCode, message: string) => void;
  /** Calls `body` outside of the run: what an instrumented `fetch` writes must not belong to it. */
  readonly outside: <R>(body: () => R) => R;
}

interface OpenStream {
  readonly done: Promise<void>;
  /** The job is over: nobody reads the copy any more. */
  detach(): void;
  stop(reason: string): void;
}

/** The streams that one attempt of a run writes. */
export class RunStreams {
  readonly #with: RunStreamsOptions;
  readonly #open = new Set<OpenStream>();
  #closed = false;

  constructor(options: RunStreamsOptions) {
    this.#with = options;
  }

  /** Sends a source to a stream, and gives it to the caller as well. */
  pipe<T>(
    target: StreamTarget,
    key: string,
    source: StreamSource<T>,
    signal?: AbortSignal,
  ): { readonly stream: AsyncIterable<T>; readonly done: Promise<void> } {
    const endpoint = this.#with.endpoint();
    if (this.#closed || endpoint === undefined) {
      if (this.#closed)
        this.#with.warn(
          "WRITE_AFTER_CLOSE",
          `Stream ${key} was begun after its run had closed and is not stored`,
        );
      const items = { [Symbol.asyncIterator]: () => sourceItems(source) };
      return { stream: items, done: Promise.resolve() };
    }
    const copy = new StreamCopy<T>(key);
    const { clock, requestTimeoutMs, random, outside } = this.#with;
    const path = this.#path(target, key);
    const upload = outside(() => new StreamUpload({ endpoint, path, clock, requestTimeoutMs, random }));
    const stopped = new AbortController();
    const stop = () => stopped.abort();
    if (signal?.aborted === true) stop();
    signal?.addEventListener("abort", stop, { once: true });
    const done = this.#pump(sourceItems(source), copy, upload, stopped.signal)
      .then(async () => {
        const loss = await upload.finish();
        if (loss !== undefined)
          this.#with.warn(
            "STREAM_LOST",
            `${loss.chunks} chunks of stream ${key} were not stored: ${loss.reason}`,
          );
      })
      .finally(() => {
        signal?.removeEventListener("abort", stop);
        this.#open.delete(stream);
      });
    const stream: OpenStream = {
      done,
      detach: () => copy.detach(),
      stop(reason) {
        stop();
        upload.abandon(reason);
      },
    };
    this.#open.add(stream);
    return { stream: copy, done };
  }

  /** Reads a stream of this run from its first chunk on. */
  read<T>(key: string, signal?: AbortSignal): AsyncIterable<T> | undefined {
    const { clock, runId, outside } = this.#with;
    const endpoint = this.#with.endpoint();
    if (endpoint === undefined) return undefined;
    return readStream<T>(endpoint, readPath(runId, key), { clock, outside, signal });
  }

  /** Waits until every stream is stored, for `timeoutMs` at most; what is not is lost by name. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    if (this.#open.size === 0) return;
    for (const stream of this.#open) stream.detach();
    const deadline = this.#with.clock.setTimer(
      () => {
        for (const stream of this.#open)
          stream.stop(`the run ended, and ${timeoutMs} ms later they were not sent yet`);
      },
      timeoutMs,
      { keepAlive: true },
    );
    await Promise.all([...this.#open].map((stream) => stream.done));
    deadline.cancel();
  }

  /** A run without such a relative writes to itself, as with its document. */
  #path(target: StreamTarget, key: string): string {
    const { runId, parentId, rootId } = this.#with;
    // Who the root is only the server may know.
    if (target === "root" && rootId === undefined && parentId !== undefined)
      return writePath(runId, "root", key);
    const ids = { self: runId, parent: parentId, root: rootId };
    return writePath(ids[target] ?? runId, "self", key);
  }

  async #pump<T>(
    items: AsyncIterator<T>,
    copy: StreamCopy<T>,
    upload: StreamUpload,
    stopped: AbortSignal,
  ): Promise<void> {
    const stop = new Promise<undefined>((resolve) => {
      if (stopped.aborted) resolve(undefined);
      stopped.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    try {
      for (;;) {
        await Promise.race([upload.room().then(() => copy.room()), stop]);
        const next = stopped.aborted ? undefined : await Promise.race([items.next(), stop]);
        if (next === undefined) {
          // A source that hangs does not answer this either.
          void Promise.resolve(items.return?.()).catch(() => undefined);
          break;
        }
        if (next.done === true) break;
        const text = textOf(next.value);
        copy.push(next.value, typeof text === "string" ? text.length : 0);
        if (typeof text === "string") upload.add(text);
        else upload.skip(text.problem);
      }
      copy.end();
    } catch (failure) {
      // Whoever reads the copy gets it, as from the source itself.
      copy.end({ failure });
    }
  }
}

/** A chunk as JSON; `undefined` is null, as in a list. */
function textOf(chunk: unknown): string | { readonly problem: string } {
  try {
    return JSON.stringify(chunk) ?? "null";
  } catch (error) {
    return { problem: `a chunk is no JSON (${error instanceof Error ? error.message : String(error)})` };
  }
}
