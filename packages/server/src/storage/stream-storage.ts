import type { RunStatus } from "@runmeta/runtime/protocol";

/** What streams of runs need of a database. Everything is of one run, whose environment the caller has checked. */
export interface StreamStorage {
  /** Adds a stream to a run that has fewer than `maxStreams`; waits for a deletion of the run that is under way. */
  createStream(runId: string, key: string, maxStreams: number): Promise<StreamCreation>;
  /** Opens, or opens again, a writer of a stream; undefined when the stream is gone, as its run is. */
  openStreamWriter(writer: StreamWriterId): Promise<StreamWriterState | undefined>;
  /** The index of the chunk that a writer has to send next; 0 for an unknown one. */
  nextChunkIndex(writer: StreamWriterId): Promise<number>;
  /**
   * Stores chunks of a writer behind those that are there, all or none, in one statement. False when the writer has
   * stored one of them before, or when the stream would hold more than it may.
   */
  appendChunks(chunks: NewChunks): Promise<boolean>;
  /** Says that a writer has nothing more to send. */
  endStreamWriter(writer: StreamWriterId): Promise<void>;
  /** The next chunks after a position (-1: the first ones), as many as fit into a page; undefined without such a run. */
  readStream(runId: string, key: string, after: number): Promise<StreamRead | undefined>;
  /** How many chunks a stream holds; 0 when there is none. */
  countChunks(runId: string, key: string): Promise<number>;
}

/** What became of a stream that was to be made. */
export type StreamCreation = "made" | "there already" | "too many" | "no such run";

/** Who writes to which stream. */
export interface StreamWriterId {
  readonly runId: string;
  readonly key: string;
  readonly client: string;
}

/** How far a writer is, and how much its stream holds. */
export interface StreamWriterState {
  readonly nextIndex: number;
  readonly chunks: number;
  readonly bytes: number;
}

export interface NewChunks extends StreamWriterId {
  /** Index of the first one, as its writer counts. */
  readonly from: number;
  /** JSON texts. */
  readonly chunks: readonly string[];
  /** UTF-8 bytes of all of them. */
  readonly bytes: number;
  /** Nothing more comes from this writer. */
  readonly ended: boolean;
  readonly maxChunks: number;
  readonly maxBytes: number;
}

export interface StoredChunk {
  /** Counts from 0 in the order of storing. */
  readonly position: number;
  readonly writtenAtMs: number;
  readonly text: string;
}

export interface StreamRead {
  readonly chunks: readonly StoredChunk[];
  readonly runStatus: RunStatus;
  /** Somebody has begun to write, has not ended, and was heard of within the last minute. */
  readonly beingWritten: boolean;
}
