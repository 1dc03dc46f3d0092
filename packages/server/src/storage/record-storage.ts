/** What the records of the Runtype API need of a database; part of `Storage`. */
export interface RecordStorage {
  /** Inserts a record; undefined when its id is taken, or the same request (`createKey`) has made one already. */
  insertRecord(record: NewRecord): Promise<RecordRow | undefined>;
  /** By id or, when `createKey` is given, by the request that made it. */
  findRecord(environment: string, id: string, createKey?: string): Promise<RecordRow | undefined>;
  /** Newest first. */
  listRecords(query: RecordQuery): Promise<RecordRow[]>;
  /** Compare and set in one statement; undefined when there is no such record, or not in one of `ifVersions`. */
  updateRecord(update: RecordUpdate): Promise<RecordRow | undefined>;
  /** The same for deleting; false when nothing was deleted. */
  deleteRecord(environment: string, id: string, ifVersions: readonly string[] | undefined): Promise<boolean>;
}

export interface NewRecord {
  readonly environment: string;
  readonly id: string;
  readonly type: string;
  readonly name: string;
  /** JSON text; may hold NUL and lone surrogates, which `jsonb` would refuse. */
  readonly metadata: string;
  /** JSON text. */
  readonly messages: string | null;
  /** Names the request that makes the record, so that sending it again makes no second one. */
  readonly createKey: string;
}

export interface RecordRow extends NewRecord {
  /** Grows with each record that is made: the order of lists, and what their cursors are. */
  readonly number: string;
  /** Another one after each write, and never the same in the whole database; decimal digits. */
  readonly version: string;
  /** The request that wrote it last. */
  readonly updateKey: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface RecordQuery {
  readonly environment: string;
  readonly limit: number;
  /** Numbers of records. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly type?: string | undefined;
  readonly name?: string | undefined;
}

export interface RecordUpdate {
  readonly environment: string;
  readonly id: string;
  /** Fields that are undefined stay as they are. */
  readonly type?: string | undefined;
  readonly name?: string | undefined;
  readonly metadata?: string | undefined;
  readonly messages?: string | null | undefined;
  /** When given, the record must have one of them. */
  readonly ifVersions?: readonly string[] | undefined;
  /** Names the request: a record that was last written by it is not written again. */
  readonly updateKey: string;
}
