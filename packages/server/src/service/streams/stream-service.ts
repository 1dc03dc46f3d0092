import { isEnded } from "@runmeta/runtime/protocol";
import type { StreamRead, StreamStorage } from "../../storage/storage.ts";
import type { Clock } from "../clock.ts";
import { SharedReads } from "../realtime/shared-reads.ts";
import { WrittenOnce } from "../realtime/written-once.ts";
import { type RunChanges, streamTopic } from "../run-changes.ts";
import { RunGoneError, TooManyStreamsError } from "./stream-errors.ts";
import { StreamIngest } from "./stream-ingest.ts";
import { MAX_STREAMS, STREAM_LIMITS, type StreamLimits } from "./stream-limits.ts";

/** Pages read at the same time. */
const MAX_READS = 8;

/** What streams work with. */
export interface StreamDependencies {
  readonly storage: StreamStorage;
  readonly changes: RunChanges;
  readonly clock: Clock;
  /** @default STREAM_LIMITS */
  readonly limits?: StreamLimits;
}

/** A stream of a run that exists. */
export interface StreamName {
  readonly runId: string;
  readonly key: string;
}

/** The streams of runs: lists of JSON values that grow while a run is executed and can be read meanwhile and afterwards. */
export class StreamService {
  readonly #with: StreamDependencies;
  readonly #reads: SharedReads<string, WrittenOnce<StreamRead>>;

  constructor(dependencies: StreamDependencies) {
    this.#with = dependencies;
    this.#reads = new SharedReads(async (places) => {
      const read = async (place: string) => {
        // Made by `read` below.
        const [runId, key, after] = JSON.parse(place) as [string, string, number];
        const page = await dependencies.storage.readStream(runId, key, after);
        return page === undefined ? [] : [[place, new WrittenOnce(page)] as const];
      };
      return new Map((await Promise.all(places.map(read))).flat());
    }, MAX_READS);
  }

  /** True once the server is closing. */
  get closed(): boolean {
    return this.#with.changes.closed;
  }

  now(): number {
    return this.#with.clock.now().getTime();
  }

  /**
   * Adds a stream to a run, once.
   *
   * @throws TooManyStreamsError when the run has as many as it may · RunGoneError when it was deleted meanwhile
   */
  async create({ runId, key }: StreamName, existing: readonly string[]): Promise<void> {
    if (existing.includes(key)) return;
    const { storage, changes } = this.#with;
    const creation = await storage.createStream(runId, key, MAX_STREAMS);
    if (creation === "no such run") throw new RunGoneError(runId);
    if (creation === "too many") throw new TooManyStreamsError();
    if (creation === "made") changes.publish([runId]);
  }

  /** Begins to store what a writer sends. @throws RunGoneError when the run was deleted meanwhile */
  ingest({ runId, key }: StreamName, client: string, from: number): Promise<StreamIngest> {
    const { storage, changes, limits = STREAM_LIMITS } = this.#with;
    const topic = streamTopic(runId, key);
    return StreamIngest.open(
      { storage, limits, onStored: () => changes.publishStream(topic) },
      { runId, key, client },
      from,
    );
  }

  /** Index of the last chunk that was stored of a writer; -1 when none was. */
  async lastChunkIndex({ runId, key }: StreamName, client: string): Promise<number> {
    return (await this.#with.storage.nextChunkIndex({ runId, key, client })) - 1;
  }

  /** Position of the last chunk; -1 when there is none. */
  async lastPosition({ runId, key }: StreamName): Promise<number> {
    return (await this.#with.storage.countChunks(runId, key)) - 1;
  }

  /** The next page after a position; read once for all who ask at the same time. */
  read({ runId, key }: StreamName, after: number): Promise<WrittenOnce<StreamRead> | undefined> {
    return this.#reads.get(JSON.stringify([runId, key, after]));
  }

  /** Starts to listen for chunks and for the end of the run at once; `changed` as `RunChanges.next` has it. */
  next({ runId, key }: StreamName, timeoutMs: number, signal: AbortSignal) {
    const { changes } = this.#with;
    const waits = [
      changes.next(streamTopic(runId, key), timeoutMs, signal),
      changes.next(runId, timeoutMs, signal),
    ];
    return {
      changed: Promise.race(waits.map((wait) => wait.changed)),
      stop() {
        for (const wait of waits) wait.stop();
      },
    };
  }
}

/** True when nothing can come any more: the run has ended and so has everybody who wrote. */
export function isComplete(read: StreamRead): boolean {
  return isEnded(read.runStatus) && !read.beingWritten && read.chunks.length === 0;
}
