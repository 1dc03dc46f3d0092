import type { TaskDefaults } from "../service/run-dispatcher.ts";
import type { RunService } from "../service/run-service.ts";
import type { EngineName, RunSummary, Storage } from "../storage/storage.ts";

/** What executes triggered runs. A server has one; it is started after the storage and stopped before it. */
export interface Engine {
  readonly name: EngineName;
  /** Begins to execute runs, those found from before included. Rejects when it cannot. */
  start(host: EngineHost): Promise<void>;
  /** False makes a trigger answer 404 `Task not found`. */
  knows(task: string): boolean;
  /** What the task's own definition says about its runs; options of a trigger win. */
  taskDefaults?(environment: string, task: string): TaskDefaults | Promise<TaskDefaults>;
  /** Runs may be due. Returns at once, never throws. */
  notify(): void;
  /** A run was cancelled; its signal aborts if it executes here. Returns at once, never throws. */
  cancel(runId: string): void;
  /** A run executes no longer, so another one of its queue may begin. Returns at once, never throws. */
  left?(run: RunSummary): void;
  /** Takes no more runs and waits for those under way, at most `timeoutMs`; what is left is picked up at the next start. */
  stop(options: { readonly timeoutMs: number }): Promise<void>;
}

/** What an engine is given of the server it works for. */
export interface EngineHost {
  readonly storage: Storage;
  readonly runs: RunService;
  /** The API itself, in process: what a job's flush and triggers go through. */
  fetch(request: Request): Promise<Response>;
  /** Largest metadata document the server accepts, in UTF-8 bytes of its JSON. */
  readonly maximumSizeBytes: number;
  /** The environments that have a key. */
  readonly environments: readonly string[];
  /** A key of an environment, for calls through {@link fetch}; undefined when it has none. Never to be logged. */
  secretKey(environment: string): string | undefined;
  /** Called with what nobody else can hear of; the server's `onError`. */
  onError(error: unknown): void;
}
