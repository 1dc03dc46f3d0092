/** What is deleted, in the order in which it is: what names a run goes before it, what only held runs after them. */
export const PRUNE_KINDS = ["sessions", "runs", "batches", "packets"] as const;

export type PruneKind = (typeof PRUNE_KINDS)[number];

/** How much was, or would be, deleted. */
export interface PruneCounts {
  /** With their documents and what these are found by. */
  readonly runs: number;
  /** Changes of documents, in histories. */
  readonly changes: number;
  readonly streams: number;
  readonly chunks: number;
  readonly batches: number;
  readonly sessions: number;
  /** Uploads that nobody can use any more. */
  readonly packets: number;
}

/** Where a look at what may be deleted has come to; only the storage knows what it means. */
export type PrunePosition = readonly [moment: string, id: string];

export interface PruneStep {
  readonly kind: PruneKind;
  /** What was over before this moment goes. */
  readonly before: Date;
  /** What was looked at before, by the last step of this kind; undefined: nothing. */
  readonly after: PrunePosition | undefined;
  /** Counts and deletes nothing. */
  readonly dryRun: boolean;
}

export interface PrunedPart {
  readonly counts: Partial<PruneCounts>;
  /** Runs that are gone. */
  readonly runIds: readonly string[];
  /** Where the next step goes on; undefined: there is nothing more of this kind. */
  readonly next: PrunePosition | undefined;
}

/** Deletes what is over; part of `Storage`. */
export interface PruneStorage {
  /**
   * Deletes some of what was over before a moment, with everything that belongs to it, all or nothing; bounded in what it
   * looks at and in what it deletes. A run whose streams hold more than that first loses chunks, from the end of each
   * stream, and goes with a later step. Several servers may do so at once: what one works on, others leave out.
   *
   * A run goes when it has ended before that moment and neither a run of its family (its parent, its root, their other
   * descendants, its children) is live nor a session that stays names it. A batch goes once its runs are gone, a session
   * when it was closed or expired before that moment and its run has ended, a packet an hour after it expired.
   */
  pruneSome(step: PruneStep): Promise<PrunedPart>;
}
