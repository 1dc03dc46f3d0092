import type { ApiClient } from "../client/api-client.ts";
import type { Clock } from "../clock.ts";
import type { Drop, MetadataOptions, Warning } from "../options.ts";
import type { Target } from "../target/target.ts";
import type { WriteListener } from "./observe-writes.ts";

/** Makes the target of a run whose id is known by then. */
export type TargetFor = (run: {
  readonly runId: string;
  readonly clock: Clock;
  readonly limitBytes: number;
  readonly mode: "operations" | "replace";
}) => Target;

/** Options of {@link withRun}; all have defaults. */
export interface RunOptions {
  /** `run_` and 1 to 64 of `[A-Za-z0-9_-]`. @default derived from `key`, else a new one */
  readonly id?: string | undefined;
  /** Names the work, for example a queue's and a job's id: the same key is the same run, so a retried job is its next attempt. */
  readonly key?: string | undefined;
  /** What the document starts with. A run that exists goes on with what is stored. @default {} */
  readonly metadata?: object | undefined;
  /** The run that `metadata.parent` writes to. @default none: such writes land on the run itself */
  readonly parentId?: string | undefined;
  /**
   * Task of a parent that the server may not know yet, since its children run first (a queue's flow): it is registered
   * before this run. @default the parent is registered by whoever runs it
   */
  readonly parentTask?: string | undefined;
  /** The run that `metadata.root` writes to. @default none: such writes land on the run itself */
  readonly rootId?: string | undefined;
  /** Name of the task, as the server lists it. @default "run" */
  readonly task?: string | undefined;
  /** From 1. @default the next one that the server has not seen, else 1 */
  readonly attempt?: number | undefined;
  /**
   * True when somebody else lets only one execute the work at a time (a queue's lock): an attempt that the server thinks to
   * be running still (its worker died a moment ago, or its end could not be reported) gives way to this one, which gets
   * the next free number. @default false: this attempt is refused
   */
  readonly takeOver?: boolean | undefined;
  /**
   * Whether another attempt follows one that failed with this error: the run stays open for it then. What follows is
   * whoever calls `withRun` again to do; must not throw. @default a failed attempt ends the run
   */
  readonly willRetry?: ((error: unknown) => boolean) | undefined;
  /** What the run can be found by: at most 10, each of at most 128 characters. @default none */
  readonly tags?: readonly string[] | undefined;
  /** Shown with the run; any JSON. */
  readonly payload?: unknown;
  /**
   * Where the document is kept. Given, the run itself is not registered anywhere, and what is stored there is read
   * before the body is called (2 seconds at most).
   * @default the configured API, where the run is registered, kept alive and completed; else this process's memory
   */
  readonly target?: Target | TargetFor | undefined;
  /** Calls the API for this run and for what `body` does, in place of the configured client; made by tests and adapters. */
  readonly client?: ApiClient | undefined;
  /** How writes are batched and delivered. */
  readonly flush?: Omit<MetadataOptions, "maximumSize" | "onDrop" | "onWarning"> | undefined;
  /**
   * Largest document, in bytes; never more than what `target` takes.
   * @default the target's, where it has a limit of its own; else `TASK_RUN_METADATA_MAXIMUM_SIZE`, else 4096
   */
  readonly maximumSize?: number | undefined;
  /** Cancels the run: its own `signal` is aborted then. */
  readonly signal?: AbortSignal | undefined;
  /** Time; for tests. @default the system's */
  readonly clock?: Clock | undefined;
  /** Receives warnings instead of `process.emitWarning`. @default the config's */
  readonly onWarning?: ((warning: Warning) => void) | undefined;
  /** Called for each loss. @default the config's */
  readonly onDrop?: ((drop: Drop) => void) | undefined;
  /**
   * Told of each accepted write, inside the call that made it; must not throw. For tests: it costs a copy of the document
   * a write.
   */
  readonly onWrite?: WriteListener | undefined;
  /** `replace` sends whole documents, for endpoints that know no operations. @default "operations" */
  readonly mode?: "operations" | "replace" | undefined;
}
