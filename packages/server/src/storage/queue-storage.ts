import type { EngineName } from "./engine-name.ts";

/** What an engine with a queue of its own needs of a database; part of `Storage`. */
export interface QueueStorage {
  /**
   * Due QUEUED runs that were not handed to the engine's queue yet, in the order in which they are to begin, at most
   * `limit`; they count as handed over from now on. With `lostAfterMs` instead those that were handed over longer ago
   * and still wait, those before others whose turn was longest ago: their queue may have lost them.
   */
  dispatchRuns(dispatch: {
    readonly engine: EngineName;
    readonly limit: number;
    readonly lostAfterMs?: number | undefined;
  }): Promise<DispatchedRun[]>;
  /** Sets a QUEUED or WAITING run aside until its queue has room. */
  parkRun(id: string): Promise<void>;
  /** Hands runs that were set aside over again, as many as their queues have room for: of one queue, or of all. Gives their number. */
  wakeParkedRuns(engine: EngineName, of?: QueuePlace): Promise<number>;
  /** Stores what workers say about their tasks and the limits of their queues. */
  announceTasks(
    environment: string,
    tasks: readonly TaskDefaults[],
    limits: readonly QueueLimit[],
  ): Promise<void>;
  /** What was last said about a task; undefined: nothing. */
  findTaskDefaults(environment: string, task: string): Promise<TaskDefaults | undefined>;
}

/** A run as an engine's queue needs it. */
export interface DispatchedRun {
  readonly id: string;
  readonly environment: string;
  readonly task: string;
  /** 0 before the first. */
  readonly attempt: number;
  /** Seconds by which it goes before others. */
  readonly priority: number;
}

/** One queue, and in it one concurrency key (empty without one). */
export interface QueuePlace {
  readonly environment: string;
  readonly queue: string;
  readonly concurrencyKey: string;
}

/** What a task's own definition says about its runs. */
export interface TaskDefaults {
  readonly task: string;
  readonly queue: string | undefined;
  /** As it was written: seconds, or a duration such as `10m`. */
  readonly ttl: string | number | undefined;
}

/** Runs of a queue (for each concurrency key) that may execute at once; undefined: as many as workers take. */
export interface QueueLimit {
  readonly queue: string;
  readonly concurrencyLimit: number | undefined;
}
