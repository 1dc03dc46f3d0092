import { currentScope, runOutsideScope } from "../context/context-storage.ts";
import { ConfigError } from "../errors.ts";
import { refused } from "../refused.ts";
import { type ReadStreamOptions, readStream } from "../stream/read-stream.ts";
import { RunStreams } from "../stream/run-streams.ts";
import type { StreamSource } from "../stream/source-items.ts";
import { readPath, type StreamTarget, writePath } from "../stream/stream-endpoint.ts";
import { requireApiClient } from "./configure.ts";
import { pathSegment } from "./path-segment.ts";

/** Whose stream it is. */
export interface StreamTargetOptions {
  /** `self`, `parent`, `root`, or the id of any run. @default "self", which needs a current run */
  readonly target?: string | undefined;
}

/** Options of `streams.pipe`. */
export interface PipeStreamOptions extends StreamTargetOptions {
  /** Stops reading the source. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `streams.writer`. */
export interface WriterStreamOptions<Part> extends PipeStreamOptions {
  readonly execute: (tools: {
    write(part: Part): void;
    merge(stream: ReadableStream<Part>): void;
  }) => Promise<void> | void;
}

/** What `streams.pipe` gives. */
export interface PipeStreamResult<Part> {
  /** The source's items, for the caller. */
  readonly stream: AsyncIterable<Part>;
  /** Resolves when everything is stored, or was lost by name; never rejects. */
  waitUntilComplete(): Promise<object>;
}

/** A stream under a fixed key and of one type. */
export interface DefinedStream<Part> {
  readonly id: string;
  pipe(value: StreamSource<Part>, options?: PipeStreamOptions): PipeStreamResult<Part>;
  read(runId: string, options?: ReadStreamOptions): Promise<AsyncIterable<Part>>;
  append(value: Part, options?: StreamTargetOptions): Promise<void>;
  writer(options: WriterStreamOptions<Part>): PipeStreamResult<Part>;
}

/** The parts' type of a {@link DefinedStream}. */
export type InferStreamType<Stream> = Stream extends DefinedStream<infer Part> ? Part : unknown;

const DEFAULT_KEY = "default";
/** The deadline of one request outside of a run. */
const REQUEST_TIMEOUT_MS = 10_000;

function isRelative(target: string): target is StreamTarget {
  return target === "self" || target === "parent" || target === "root";
}

function pipe<Part>(value: StreamSource<Part>, options?: PipeStreamOptions): PipeStreamResult<Part>;
function pipe<Part>(
  key: string,
  value: StreamSource<Part>,
  options?: PipeStreamOptions,
): PipeStreamResult<Part>;
function pipe<Part>(
  first: string | StreamSource<Part>,
  second?: StreamSource<Part> | PipeStreamOptions,
  third?: PipeStreamOptions,
): PipeStreamResult<Part> {
  // The signatures above say which is which.
  const [key, source, options] =
    typeof first === "string"
      ? [first, second as StreamSource<Part>, third]
      : [DEFAULT_KEY, first, second as PipeStreamOptions | undefined];
  pathSegment("the stream's key", key);
  const { target = "self", signal } = options ?? {};
  const scope = currentScope();
  const own = isRelative(target) ? scope?.streams : undefined;
  if (own === undefined && isRelative(target)) {
    throw new ConfigError(
      `streams.pipe outside of a run needs the id of one: streams.pipe(${JSON.stringify(key)}, source, { target: "run_..." })`,
    );
  }
  const { stream, done } =
    own !== undefined && isRelative(target)
      ? own.pipe(target, key, source, signal)
      : streamsOf(target).pipe("self", key, source, signal);
  return {
    stream,
    async waitUntilComplete() {
      await done;
      return {};
    },
  };
}

/** Streams of a run that somebody else executes. */
function streamsOf(runId: string): RunStreams {
  const client = requireApiClient();
  return new RunStreams({
    runId: pathSegment("the run's id", runId),
    parentId: undefined,
    rootId: undefined,
    endpoint: () => client,
    clock: client.clock,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    random: Math.random,
    warn: (code, message) => {
      const scope = currentScope();
      if (scope !== undefined) scope.warn(code, message);
      else globalThis.process?.emitWarning?.(message, { code: `RUNMETA_${code}` });
    },
    outside: runOutsideScope,
  });
}

/** Reads a stream of any run. */
export function openStream<Part>(
  runId: string,
  key: string,
  options: ReadStreamOptions = {},
): AsyncIterable<Part> {
  pathSegment("the run's id", runId);
  pathSegment("the stream's key", key);
  const client = requireApiClient();
  return readStream<Part>(client, readPath(runId, key), {
    ...options,
    clock: client.clock,
    outside: runOutsideScope,
  });
}

async function read<Part>(runId: string, options?: ReadStreamOptions): Promise<AsyncIterable<Part>>;
async function read<Part>(
  runId: string,
  key: string,
  options?: ReadStreamOptions,
): Promise<AsyncIterable<Part>>;
async function read<Part>(
  runId: string,
  keyOrOptions?: string | ReadStreamOptions,
  options?: ReadStreamOptions,
): Promise<AsyncIterable<Part>> {
  return typeof keyOrOptions === "string"
    ? openStream<Part>(runId, keyOrOptions, options)
    : openStream<Part>(runId, DEFAULT_KEY, keyOrOptions);
}

async function append(value: string, options?: StreamTargetOptions): Promise<void>;
async function append(key: string, value: string, options?: StreamTargetOptions): Promise<void>;
async function append(
  first: string,
  second?: string | StreamTargetOptions,
  third?: StreamTargetOptions,
): Promise<void> {
  const [key, text, options] =
    typeof second === "string" ? [first, second, third] : [DEFAULT_KEY, first, second];
  const { target = "self" } = options ?? {};
  const scope = currentScope();
  const relatives: Readonly<Record<StreamTarget, string | undefined>> = {
    self: scope?.id,
    parent: scope?.parentId ?? scope?.id,
    root: scope?.rootId ?? scope?.id,
  };
  const runId = isRelative(target) ? relatives[target] : target;
  if (runId === undefined) {
    throw new ConfigError('streams.append outside of a run needs the id of one: { target: "run_..." }');
  }
  pathSegment("the run's id", runId);
  pathSegment("the stream's key", key);
  const headers = { "content-type": "text/plain" };
  await requireApiClient().send("POST", `${writePath(runId, "self", key)}/append`, { body: text, headers });
}

function writer<Part>(options: WriterStreamOptions<Part>): PipeStreamResult<Part>;
function writer<Part>(key: string, options: WriterStreamOptions<Part>): PipeStreamResult<Part>;
function writer<Part>(
  first: string | WriterStreamOptions<Part>,
  second?: WriterStreamOptions<Part>,
): PipeStreamResult<Part> {
  const [key, options] = typeof first === "string" ? [first, second] : [DEFAULT_KEY, first];
  if (options === undefined) throw new ConfigError("streams.writer needs { execute }");
  const source = new ReadableStream<Part>({
    async start(controller) {
      const merged: Promise<void>[] = [];
      const work = async () => {
        await options.execute({
          write: (part) => controller.enqueue(part),
          merge: (stream) => merged.push(forward(stream, controller)),
        });
        while (merged.length > 0) await merged.shift();
        controller.close();
      };
      // Not awaited: what is written is read meanwhile.
      work().catch((error: unknown) => controller.error(error));
    },
  });
  return pipe(key, source, options);
}

async function forward<Part>(
  stream: ReadableStream<Part>,
  controller: ReadableStreamDefaultController<Part>,
): Promise<void> {
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) controller.enqueue(next.value);
}

function define<Part>({ id }: { readonly id: string }): DefinedStream<Part> {
  return {
    id,
    pipe: (value, options) => pipe(id, value, options),
    read: (runId, options) => read<Part>(runId, id, options),
    async append(value, options) {
      await writer<Part>(id, { ...options, execute: ({ write }) => write(value) }).waitUntilComplete();
    },
    writer: (options) => writer(id, options),
  };
}

/**
 * Streams of runs: JSON values that are read while they are written and afterwards.
 *
 * @example
 * const { waitUntilComplete } = streams.pipe("answer", words());
 * await waitUntilComplete();
 * for await (const word of await streams.read<string>(runId, "answer")) process.stdout.write(word);
 */
export const streams = {
  pipe,
  read,
  /** One text, by a request of its own. @throws ApiError */
  append,
  writer,
  define,
  /** Not supported. */
  input: refused("streams.input", "send what a run needs with its payload, or poll for it"),
} as const;
