/** What a triggered run starts with; checked and copied as JSON at the call. */
export interface MetadataInput {
  readonly [key: string]: unknown;
}

/** How a run is triggered. Names and units are the official SDK's. */
export interface TriggerOptions {
  /**
   * The run's metadata document: one object. Not passed on to its children.
   * It may be undefined, so that `metadata: metadata.current()` is fine outside a run.
   */
  readonly metadata?: MetadataInput | undefined;
  /** At most 10, each at most 128 characters. */
  readonly tags?: string | readonly string[] | undefined;
  /** The same key triggers once: a later call gives the first call's run. A plain string or list has scope `run`. */
  readonly idempotencyKey?: string | readonly string[] | undefined;
  /** How long the key holds, for example `"24h"`. @default the server's, 30 days */
  readonly idempotencyKeyTTL?: string | undefined;
  /** When the run may start: a duration (`"1h"`), a date, or its ISO text. @default at once */
  readonly delay?: string | Date | undefined;
  /** The run expires when it has not started by then: a duration, or seconds. */
  readonly ttl?: string | number | undefined;
  /** Attempts at most (1 or more). @default the task's */
  readonly maxAttempts?: number | undefined;
  /** Longest execution, in seconds. @default the task's */
  readonly maxDuration?: number | undefined;
  /** Name of the queue. @default the task's */
  readonly queue?: string | { readonly name: string } | undefined;
  /** One queue for each value of it. */
  readonly concurrencyKey?: string | undefined;
  /** Names of shared limits; taken for compatibility and not used: give the tasks one queue. */
  readonly concurrency?: string | readonly string[] | undefined;
  /** Taken for compatibility and not used. */
  readonly externalDeploymentId?: string | undefined;
  /** Started as if triggered this many seconds earlier. @default 0 */
  readonly priority?: number | undefined;
  readonly machine?: string | undefined;
  readonly region?: string | undefined;
  /** Runs a given version of the task. */
  readonly version?: string | undefined;
  readonly test?: boolean | undefined;
  /** Calls within `delay` with the same key become one run. */
  readonly debounce?:
    | {
        readonly key: string;
        readonly delay: string;
        readonly mode?: "leading" | "trailing" | undefined;
        readonly maxDelay?: string | undefined;
      }
    | undefined;
}
