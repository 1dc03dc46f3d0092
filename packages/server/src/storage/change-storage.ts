/** What following runs needs of a database. */
export interface ChangeStorage {
  /** Where runs belong: what decides who follows them. Of any environment; unknown ids are left out. */
  findMemberships(ids: readonly string[]): Promise<RunMembership[]>;
  /** Tells other servers on this database which runs changed. Returns at once; nothing where there can be no others. */
  announceRuns(ids: readonly string[]): void;
  /**
   * Calls `listener` with ids that other servers announced, and with undefined when some may have been missed. The
   * returned function ends it.
   */
  onRunsAnnounced(listener: (ids: readonly string[] | undefined) => void): () => void;
}

/** Runs that are followed together: all conditions that are given hold. */
export interface RunGroup {
  readonly environment: string;
  /** All of them. */
  readonly tags?: readonly string[] | undefined;
  readonly batchId?: string | undefined;
  readonly createdFrom?: Date | undefined;
}

/** Of a run, what makes it part of a group. */
export interface RunMembership {
  readonly id: string;
  readonly environment: string;
  readonly tags: readonly string[];
  readonly batchId: string | undefined;
  readonly createdAt: Date;
}
