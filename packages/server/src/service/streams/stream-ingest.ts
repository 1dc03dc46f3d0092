import type { StreamStorage, StreamWriterId } from "../../storage/storage.ts";
import { RunGoneError, StreamFullError } from "./stream-errors.ts";
import type { StreamLimits } from "./stream-limits.ts";

/** Chunks that wait while a group is being stored; the writer is read no further beyond it. */
const GROUP_CHUNKS = 1_000;
const GROUP_BYTES = 1024 * 1024;

/** What an ingest works with. */
export interface StreamIngestDependencies {
  readonly storage: Pick<StreamStorage, "openStreamWriter" | "appendChunks" | "endStreamWriter">;
  readonly limits: StreamLimits;
  /** Called after each commit. */
  onStored(): void;
}

/**
 * Takes the chunks of one request as they come and stores them in groups: all that came while the last group was being
 * stored is the next one. A chunk whose index its writer has passed was stored before and is left out.
 */
export class StreamIngest {
  readonly #with: StreamIngestDependencies;
  readonly #writer: StreamWriterId;
  #next: number;
  #stored = 0;
  #group: string[] = [];
  #groupBytes = 0;
  #storing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  private constructor(dependencies: StreamIngestDependencies, writer: StreamWriterId, from: number) {
    this.#with = dependencies;
    this.#writer = writer;
    this.#next = from;
  }

  /** `from` is the index of the first chunk that the request brings. @throws RunGoneError */
  static async open(
    dependencies: StreamIngestDependencies,
    writer: StreamWriterId,
    from: number,
  ): Promise<StreamIngest> {
    const ingest = new StreamIngest(dependencies, writer, from);
    ingest.#stored = await ingest.#nextIndex();
    return ingest;
  }

  /**
   * Takes the next chunk, a JSON text; resolves when there is room for another one.
   *
   * @throws StreamFullError, RunGoneError, or what the storage throws, also for chunks that were taken before
   */
  async take(chunk: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#next++ < this.#stored) return;
    this.#group.push(chunk);
    this.#groupBytes += Buffer.byteLength(chunk);
    this.#store();
    if (this.#group.length >= GROUP_CHUNKS || this.#groupBytes >= GROUP_BYTES) await this.settle();
  }

  /** Resolves when everything that was taken is stored. @throws as `take` */
  async settle(): Promise<void> {
    await this.#storing;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Stores the rest and ends. @throws as `take` */
  async finish(): Promise<void> {
    await this.settle();
    await this.end();
  }

  /** Says that nothing more comes, whatever became of what was taken. */
  async end(): Promise<void> {
    await this.#with.storage.endStreamWriter(this.#writer);
    this.#with.onStored();
  }

  #store(): void {
    this.#storing ??= this.#storeGroups()
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#storing = undefined;
      });
  }

  async #storeGroups(): Promise<void> {
    // What comes in the same turn goes into the same statement.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#group.length > 0) {
      const chunks = this.#group;
      this.#group = [];
      this.#groupBytes = 0;
      await this.#storeGroup(chunks, this.#next - chunks.length);
    }
  }

  async #storeGroup(chunks: readonly string[], from: number): Promise<void> {
    const { storage, limits, onStored } = this.#with;
    const bytes = chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk), 0);
    const group = { ...this.#writer, from, chunks, bytes, ended: false, ...limits };
    if (await storage.appendChunks(group)) {
      onStored();
      return;
    }
    // Another request of the same writer, or this statement itself before its reply was lost, stored some of it.
    const nextIndex = await this.#nextIndex();
    if (nextIndex <= from) throw new StreamFullError(this.#writer.key, limits);
    const rest = chunks.slice(nextIndex - from);
    if (rest.length > 0) await this.#storeGroup(rest, nextIndex);
    else onStored();
  }

  /** Opens the writer; the index of the chunk that it has to send next. */
  async #nextIndex(): Promise<number> {
    const writer = await this.#with.storage.openStreamWriter(this.#writer);
    if (writer === undefined) throw new RunGoneError(this.#writer.runId);
    return writer.nextIndex;
  }
}
