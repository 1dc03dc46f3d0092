import type { Clock } from "../clock.ts";
import type { ResolvedMetadataOptions, WarningCode } from "../options.ts";
import type { MetadataStore } from "../store/metadata-store.ts";
import type { Target } from "../target/target.ts";

/** What one `flush()` or `refresh()` may be told. */
export interface FlushOptions {
  /** How long to wait, in milliseconds. @default 10000 */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How the last flush of a run ended. */
export interface DrainResult {
  /** Everything accepted is stored, or was dropped by name. */
  readonly flushed: boolean;
  /** Calls still waiting; they go to the process's late-delivery queue. */
  readonly pending: number;
}

/**
 * What a flusher is doing; SPEC.md tells what each event does in each state.
 * - `idle`: nothing unsent.
 * - `scheduled`: unsent writes wait for a quiet moment, at most `maxWaitMs`.
 * - `sending`: one request is under way.
 * - `stalled`: a batch waits out its backoff, to be sent again unchanged.
 * - `paused`: the endpoint refuses this client (401) or is not one; a batch waits for new credentials or `flush()`.
 * - `held`: a batch was refused for good once; its operations wait for a later write or `flush()`.
 */
export type FlusherState = "idle" | "scheduled" | "sending" | "stalled" | "paused" | "held";

/** The run that a flusher works for. */
export interface FlushedRun {
  readonly store: MetadataStore;
  readonly target: Target;
  readonly clock: Clock;
  readonly options: ResolvedMetadataOptions;
  /** Between 0 and 1, for jitter. */
  random(): number;
  warn(code: WarningCode, message: string): void;
  /** Calls a function outside the run's context, where timers and requests belong. */
  outside<T>(body: () => T): T;
}
