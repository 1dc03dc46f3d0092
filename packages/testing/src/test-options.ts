import type { Clock } from "@runmeta/runtime";
import type { BackendName } from "./backend.ts";
import type { ScriptedEndpoint } from "./scripted-endpoint.ts";

/** Options that {@link runTask} and {@link mockRun} share. */
export interface TestOptions {
  /** `run_` and 1 to 64 of `[A-Za-z0-9_-]`. @default `run_1`, `run_2`, … of the endpoint */
  readonly id?: string | undefined;
  /** What the document starts with. @default {} */
  readonly metadata?: object | undefined;
  readonly tags?: readonly string[] | undefined;
  /** @default a healthy one of its own, on `backend` */
  readonly endpoint?: ScriptedEndpoint | undefined;
  /** What answers requests; an `endpoint` has its own. @default "memory" */
  readonly backend?: BackendName | undefined;
  /**
   * A clock that the test moves. Without one the run has a clock of its own, on which waits take no time: while code
   * runs time stands still, and it jumps when only timers can go on and somebody awaits one (a retry, `wait.for`,
   * `flush()`). Deadlines of your code (`maxDuration`, hooks) then also count real time.
   */
  readonly clock?: Clock | undefined;
  /** Cancels the run, and its children, when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Makes the run the child of a run with this document. */
  readonly parent?: { readonly id?: string | undefined; readonly metadata?: object | undefined } | undefined;
  /**
   * Stubs of tasks that the run triggers, by id: what they return, or a function of the payload (what it throws fails
   * the child). All other tasks are executed, in the same endpoint and on the same clock.
   */
  readonly children?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Largest document, in bytes, here and at an endpoint of its own.
   * @default the task's, else the config's, else `TASK_RUN_METADATA_MAXIMUM_SIZE`, else 4096
   */
  readonly maximumSize?: number | undefined;
}
