/** What is needed of a database to read a run's history and to keep it short; it grows with `writeDocuments`. */
export interface HistoryStorage {
  /**
   * A run's history, in order; with `after`, only changes that are newer, unless older ones than that were folded. All of
   * one moment. Undefined when this environment has no such run.
   */
  readHistory(environment: string, id: string, after: number | undefined): Promise<StoredHistory | undefined>;
  /** Puts a document in the place of the oldest changes; nothing when somebody else folded meanwhile. Repeatable. */
  foldHistory(fold: FoldedHistory): Promise<void>;
}

export interface StoredHistory {
  /** What the changes begin with; undefined when only newer changes were asked for. */
  readonly base: { readonly version: number; readonly at: Date; readonly document: string } | undefined;
  readonly changes: readonly StoredChange[];
}

/** One write of a document. */
export interface StoredChange {
  /** The document's version after it. */
  readonly version: number;
  readonly at: Date;
  /** The run's attempt when it was written. */
  readonly attempt: number;
  /** JSON text of a list of operations. */
  readonly operations: string;
}

export interface FoldedHistory {
  readonly id: string;
  /** The base as it was read. */
  readonly baseVersion: number;
  /** The last of the folded changes, how many they are, and the bytes of their operations. */
  readonly version: number;
  readonly at: Date;
  readonly changeCount: number;
  readonly changeBytes: number;
  /** The base with those changes, JSON text. */
  readonly document: string;
}
