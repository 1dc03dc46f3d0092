/** The streams of one run, as an endpoint keeps them. */
export class StoredStreams {
  readonly #chunks = new Map<string, unknown[]>();
  /** By stream and writer. */
  readonly #nextIndex = new Map<string, number>();

  /** Makes a stream, once; gives what it holds. */
  open(key: string): unknown[] {
    const chunks = this.#chunks.get(key) ?? [];
    this.#chunks.set(key, chunks);
    return chunks;
  }

  /** Stores chunks of a writer, the first of which has the index `from`; one that was stored before is left out. */
  add(key: string, writer: string, from: number, chunks: readonly unknown[]): void {
    const next = this.nextIndex(key, writer);
    this.open(key).push(...chunks.slice(Math.max(0, next - from)));
    this.#nextIndex.set(writerKey(key, writer), Math.max(next, from + chunks.length));
  }

  /** The index of the chunk that a writer sends next. */
  nextIndex(key: string, writer: string): number {
    return this.#nextIndex.get(writerKey(key, writer)) ?? 0;
  }

  /** All chunks by stream, as a copy. */
  all(): Record<string, unknown[]> {
    return Object.fromEntries([...this.#chunks].map(([key, chunks]) => [key, structuredClone(chunks)]));
  }
}

function writerKey(key: string, writer: string): string {
  return JSON.stringify([key, writer]);
}
