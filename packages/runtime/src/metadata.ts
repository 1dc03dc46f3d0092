import { currentScope } from "./context/context-storage.ts";
import { ApiError, ConfigError } from "./errors.ts";
import type { FlushOptions } from "./flush/flusher-options.ts";
import { createProgress, type Progress, type ProgressOptions } from "./progress.ts";
import type { JsonObject } from "./protocol/json.ts";
import { createUpdater, type Updater } from "./updater.ts";

type SendStream = <T>(
  key: string,
  source: AsyncIterable<T> | ReadableStream<T>,
  signal?: AbortSignal,
) => Promise<AsyncIterable<T>>;

const noChunks = async function* <T>(): AsyncGenerator<T, void, undefined> {};

/** Writes to the document of another run of the tree. */
export interface RelativeUpdater extends Updater {
  /** As `metadata.stream`, for the other run. */
  stream: SendStream;
}

/** Live metadata of the run that the calling code belongs to. Outside a run every call does nothing. */
export interface Metadata extends Updater {
  /**
   * A copy of one key's value, which is yours to change; undefined when there is none. A `Date` reads back as a string.
   * Loosely typed on purpose, as in the official SDK; `defineMetadata` gives types.
   */
  // biome-ignore lint/suspicious/noExplicitAny: code written for the official SDK reads members without a cast
  get<T = any>(key: string): T | undefined;
  /** A copy of the whole document; undefined outside a run. */
  current(): JsonObject | undefined;
  /**
   * A barrier: resolves when every write made before the call is stored, also while another flush is under way.
   * Nobody has to call it; writes are sent by themselves, and at the end of the run.
   * @param options `timeoutMs` (10,000 by default) and `signal`
   * @throws MetadataFlushError when a write cannot be stored, or not in time
   */
  flush(options?: FlushOptions): Promise<void>;
  /**
   * Reads the stored document, which other runs may have written to, and keeps this run's unacknowledged writes on top.
   * @throws ApiError when it cannot be read; the local document stays as it is
   */
  refresh(options?: FlushOptions): Promise<void>;
  /** The document of the run that triggered this one; the run's own where it has none. */
  readonly parent: RelativeUpdater;
  /** The document of the first run of the tree; the run's own where it is that. */
  readonly root: RelativeUpdater;
  /**
   * Sends a source to a stream of the run, where others read it while it is written and afterwards, and gives it to
   * the caller too. Who reads that copy sets the pace of the source and misses nothing; unread, a million characters of
   * JSON are kept. An endpoint that fails is tried again and never fails the run: what could not be stored, by the end
   * of the run's `drainTimeoutMs`, is named by the warning `STREAM_LOST`. Outside a run, and in a run without an API,
   * the source is handed through.
   * @param signal stops reading the source
   * @throws ConfigError for an empty key; reading the copy StreamReleasedError, and what the source throws
   * @example
   * for await (const token of await metadata.stream("answer", completion)) text += token;
   */
  stream: SendStream;
  /**
   * Reads a stream of the run from its first chunk on: what is there, and what comes until the run has ended or for a
   * minute nothing came. Without an API it is empty.
   * @throws ApiError in the loop, when it cannot be read
   */
  fetchStream<T>(key: string, signal?: AbortSignal): Promise<AsyncIterable<T>>;
  /**
   * Keeps `{ done, total, percent, ratePerSecond, etaMs }` under a key.
   * @param total what makes 100 %; 0 or more
   * @example
   * const progress = metadata.progress(rows.length);
   * for (const row of rows) { await insert(row); progress.advance(); }
   */
  progress(total: number, options?: ProgressOptions): Progress;
}

function streamOf(target: "self" | "parent" | "root"): SendStream {
  return async <T>(key: string, source: AsyncIterable<T> | ReadableStream<T>, signal?: AbortSignal) => {
    const scope = currentScope();
    if (scope === undefined) return source as AsyncIterable<T>;
    if (typeof key !== "string" || key === "")
      throw new ConfigError("The key of a stream must not be empty: metadata.stream(key, source)");
    return scope.streams.pipe(target, key, source, signal).stream;
  };
}

const parent: RelativeUpdater = {
  ...createUpdater<RelativeUpdater>(
    (scope) => scope.parent,
    () => parent,
  ),
  stream: streamOf("parent"),
};
const root: RelativeUpdater = {
  ...createUpdater<RelativeUpdater>(
    (scope) => scope.root,
    () => root,
  ),
  stream: streamOf("root"),
};

/**
 * Live metadata of the current run.
 * @example
 * metadata.set("status", "importing").increment("rows", 100);
 */
export const metadata: Metadata = Object.freeze<Metadata>({
  ...createUpdater<Metadata>(
    (scope) => scope.store,
    () => metadata,
  ),
  get: (key: string) => currentScope()?.store.get(key) as never,
  current: () => currentScope()?.store.current(),
  async flush(options?: FlushOptions) {
    await currentScope()?.flusher.flush(options);
  },
  async refresh(options?: FlushOptions) {
    const result = await currentScope()?.flusher.refresh(options);
    if (result?.kind === "failed")
      throw new ApiError(
        `Metadata was not refreshed: ${result.message}`,
        { status: 0 },
        { cause: result.cause },
      );
  },
  parent,
  root,
  stream: streamOf("self"),
  async fetchStream<T>(key: string, signal?: AbortSignal): Promise<AsyncIterable<T>> {
    return currentScope()?.streams.read<T>(key, signal) ?? noChunks<T>();
  },
  progress: (total: number, options?: ProgressOptions) => createProgress(currentScope(), total, options),
} as Metadata);
