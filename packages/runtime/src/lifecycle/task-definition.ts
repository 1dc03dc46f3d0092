import type { MetadataOptions } from "../options.ts";
import type { AnyTaskHooks, TaskHooks } from "./hooks.ts";
import type { QueueOptions } from "./queue.ts";
import type { RetryOptions } from "./retry-options.ts";
import type { TaskRunContext } from "./task-context.ts";

/** The second argument of a task's `run`. */
export interface RunParams<TInit> {
  /** The run, its attempt and its task. */
  readonly ctx: TaskRunContext;
  /** Aborted when the run is cancelled or exceeds its `maxDuration`; pass it on to what you await. */
  readonly signal: AbortSignal;
  /** What `init` returned (merged where the config or global hooks have one too). */
  readonly init: TInit;
}

/** What {@link task} takes besides `id` and `run`. */
export interface TaskSettings {
  readonly description?: string | undefined;
  /** @default the config's `retries.default`; where neither is given, a run has one attempt */
  readonly retry?: RetryOptions | undefined;
  /**
   * Longest time of one attempt, in seconds (more than 0); then its `signal` is aborted, and the run is TIMED_OUT and
   * not retried.
   * @default the config's, else no limit
   */
  readonly maxDuration?: number | undefined;
  /** How long a run may wait to be executed: seconds, or for example "10m". @default the config's, else for ever */
  readonly ttl?: string | number | undefined;
  /** A name, or `queue({ … })`, or its options. @default a queue of the task's own */
  readonly queue?: string | QueueOptions | undefined;
  /** Taken for compatibility and not used: runs share this process. */
  readonly machine?: unknown;
  /** Taken for compatibility and not used. */
  readonly jsonSchema?: unknown;
  /** How the metadata of this task's runs is limited, batched and delivered; wins over the config's. */
  readonly metadata?: MetadataOptions | undefined;
}

/** What {@link task} takes. */
export interface TaskOptions<TId extends string, TPayload, TOutput, TInit>
  extends TaskSettings,
    TaskHooks<TPayload, TOutput, TInit> {
  /** Unique in the project, and the name under which other code triggers it. */
  readonly id: TId;
  /** The work. What it returns is the run's output; what it throws fails the attempt. */
  readonly run: (payload: TPayload, params: RunParams<TInit>) => TOutput | Promise<TOutput>;
  /** @deprecated the former name of `catchError`, which wins where both are given */
  readonly handleError?: TaskHooks<TPayload, TOutput, TInit>["catchError"];
}

/** A task as the registry keeps it, for whoever executes it: its types are erased. */
export interface TaskDefinition {
  readonly id: string;
  readonly settings: TaskSettings;
  readonly hooks: AnyTaskHooks;
  /** Checks and converts a payload; rejects with `TaskPayloadError`. Undefined: any payload will do. */
  readonly parsePayload: ((payload: unknown) => Promise<unknown>) | undefined;
  readonly run: (payload: unknown, params: RunParams<unknown>) => unknown;
}
